"""The command `rehearse`: try the proxy's image on every node, before a release waits for it."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated

import typer

from operations import command_line, results, short_lived, stacks
from operations.command_line import All, Json, Stack, conclude, expected_errors, progress
from operations.rehearse import job, judgement, trial
from operations.rehearse.job import RUNNING
from operations.rehearse.judgement import IMAGE, Judge
from operations.rehearse.trial import Say, Trial
from pi_mesh.checks.finding import Finding, Subject, unknown, warning
from pi_mesh.cluster import identity, snapshot
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import Forbidden
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.settings.releases import LOGIN_SECRET

METADATA = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}
"""Header that requests an object without its content."""

To = Annotated[str | None, typer.Option("--to", help="Try the image of this version instead of istio.version's.")]
Namespace = Annotated[
    str | None, typer.Option(help="Run the Jobs in this namespace; by default istiod's, or `default` before it exists.")
]
Wait = Annotated[
    int | None, typer.Option(help="Seconds to wait for the image on each node; release.timeout by default.", min=10)
]


def rehearse(
    stack: Stack,
    to: To = None,
    namespace: Namespace = None,
    wait: Wait = None,
    as_json: Json = False,
    everything: All = False,
) -> None:
    """Try the proxy's image on every node: Envoy, its memory, packet redirection; and the node's disk and clock.

    Each node gets one Job of the very image that sidecars will have. It is removed at the end, and by the cluster
    within two minutes if this command is killed. The image stays on the node, so that a release need not wait for it.
    """
    with expected_errors("rehearse", stack, as_json):
        settings, exported = stacks.load_with_state(stack)
        cluster = snapshot.read(settings.cluster.context)
        identity.require(settings.cluster, exported().cluster_uid, cluster.uid)
        if to:  # a digest is of one version
            settings = stacks.load_changed(stack, {"istio.version": to, "images.digests": {}})
        place = namespace or _namespace(settings, cluster)
        say = progress(as_json)
        found = list(_tried(settings, stack, place, cluster, wait or settings.release.timeout, say))
    conclude(
        results.completed("rehearse", stack, found), as_json, partial(command_line.show_report, everything=everything)
    )


def _namespace(settings: Settings, cluster: Snapshot) -> str:
    """Return istiod's namespace, which has the pull Secrets, or before a first install one that always exists."""
    return settings.istio.namespace if cluster.namespace(settings.istio.namespace) else "default"


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
                node: trial.envoy_container(namespace, answer.pod) if _serves(answer) else None
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
            found = client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}", METADATA)
        except Forbidden:
            continue
        missing += [] if found else [name]
    return missing


def _without(missing: list[str], namespace: str) -> Iterator[Finding]:
    """Yield a warning for each missing Secret of images.pullSecrets; the stack's own one is made for the trial."""
    for name in missing:
        if name != LOGIN_SECRET:
            message = "does not exist, so the image is pulled without its login"
            fix = "create it there, or name a namespace that has it with --namespace"
            yield warning(IMAGE, Subject("secret", f"{namespace}/{name}"), message, fix)
