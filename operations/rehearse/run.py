"""The trials of the proxy's image on all nodes at once, and their findings."""

from collections.abc import Iterator

from operations import short_lived, stacks
from operations.rehearse import job, judgement, trial
from operations.rehearse.job import RUNNING
from operations.rehearse.judgement import IMAGE, Judge
from operations.rehearse.trial import Say, Trial
from pi_mesh.checks.finding import Finding, Subject, unknown, warning
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import Forbidden
from pi_mesh.cluster.kubelet import ContainerId
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.settings.releases import LOGIN_SECRET

METADATA = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}
"""Header that requests an object without its content."""


def rehearse_on_nodes(
    stack: str, to: str | None, namespace: str | None, wait: int | None, say: Say
) -> Iterator[Finding]:
    """Yield the findings about every node. Raises as `stacks.load_with_cluster` and `Client` do."""
    settings, cluster = stacks.load_with_cluster(stack)
    if to:  # a digest is of one version
        settings = stacks.load_changed(stack, {"istio.version": to, "images.digests": {}})
    home = settings.istio.namespace  # it has the pull Secrets; `default` exists before a first install too
    place = namespace or (home if cluster.namespace(home) else "default")
    yield from _tried(settings, stack, place, cluster, wait or settings.release.timeout, say)


def _tried(
    settings: Settings, stack: str, namespace: str, cluster: Snapshot, seconds: int, say: Say
) -> Iterator[Finding]:
    """Yield the findings about every node, those about nodes without a trial first."""
    nodes = [node for node in cluster.nodes if node.ready and not node.cordoned]
    yield from _left_out(cluster.nodes)
    with Client(settings.cluster.context) as client:
        short_lived.sweep(client)
        missing = _missing_secrets(client, settings, namespace)
        login = job.registry_login(settings, stack) if LOGIN_SECRET in missing else None
        yield from _without(missing, namespace)
        name = login.name if login else ""
        trials = {node.name: job.trial_job(settings, stack, namespace, node.name, name) for node in nodes}
        with trial.running_trials(client, trials, login, seconds, say) as answers:
            envoys = {
                node: ContainerId(namespace, answer.pod, RUNNING) if _serves(answer) else None
                for node, answer in answers.items()
            }
            counters = trial.read_counters(client, envoys)
    for node in nodes:
        yield from Judge(node.name, settings, answers[node.name]).findings()
        yield from judgement.node_findings(node.name, counters[node.name])


def _serves(answer: Trial) -> bool:
    return RUNNING in answer.containers and answer.containers[RUNNING].exit_code is None


def _left_out(nodes: tuple[Node, ...]) -> Iterator[Finding]:
    for node in nodes:
        if not node.ready or node.cordoned:
            state = "is cordoned" if node.ready else "is not Ready"
            yield unknown(IMAGE, Subject("node", node.name), f"{state}: nothing was tried there")


def _missing_secrets(client: Client, settings: Settings, namespace: str) -> list[str]:
    """Return the pull Secrets that the namespace is known to lack."""
    missing = []
    for name in settings.images.secrets:
        try:
            if not client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}", METADATA):
                missing.append(name)
        except Forbidden:
            continue
    return missing


def _without(missing: list[str], namespace: str) -> Iterator[Finding]:
    """Yield a warning for each missing Secret of images.pullSecrets; the stack's own one is made for the trial."""
    for name in missing:
        if name != LOGIN_SECRET:
            message = "does not exist, so the image is pulled without its login"
            fix = "create it there, or name a namespace that has it with --namespace"
            yield warning(IMAGE, Subject("secret", f"{namespace}/{name}"), message, fix)
