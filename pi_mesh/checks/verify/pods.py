"""`kubectl get pods -n istio-system`: the control plane and the gateways run."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, warning
from pi_mesh.checks.ownership import expected_deployments, is_component
from pi_mesh.checks.verify.input import Facts
from pi_mesh.cluster.pods import Pod

ID, MEMORY = "mesh pods", "out of memory"


def check(facts: Facts) -> Iterator[Finding]:
    namespace = facts.settings.istio.namespace
    live = {entry.name: entry for entry in facts.snapshot.deployments if entry.namespace == namespace}
    for name in expected_deployments(facts.settings):
        subject, found = Subject("deployment", f"{namespace}/{name}"), live.get(name)
        if found is None:
            yield error(ID, subject, "is gone, though Helm thinks it is there", facts.restore(name))
        elif found.wanted == 0 or found.ready < found.wanted:
            yield error(ID, subject, _how_many(found.ready, found.wanted), _fix(facts, name), number=found.ready)
        else:
            yield ok(ID, subject, _how_many(found.ready, found.wanted), number=found.ready)
    yield from _memory(facts)


def _how_many(ready: int, wanted: int) -> str:
    return f"{ready} of {wanted} pods are ready"


def _fix(facts: Facts, name: str) -> str:
    namespace = facts.settings.istio.namespace
    pending = [pod for pod in _of(facts, name) if not pod.node]
    if pending:
        return f"{pending[0].name} finds no node: `kubectl describe pod -n {namespace} {pending[0].name}`"
    return f"`kubectl describe pod -n {namespace} -l app={name}` and `kubectl logs -n {namespace} deploy/{name}`"


def _of(facts: Facts, name: str) -> list[Pod]:
    return [pod for pod in facts.snapshot.pods if is_component(facts.settings, pod) and pod.labels.get("app") == name]


def _memory(facts: Facts) -> Iterator[Finding]:
    """A proxy or istiod that outgrew its limit; more services or a wider `sidecarScope` cost memory."""
    namespaces = (facts.settings.istio.namespace, facts.settings.trading.namespace)
    for pod in facts.snapshot.pods:
        if pod.namespace in namespaces and pod.out_of_memory:
            names = ", ".join(pod.out_of_memory)
            message = f"{names} outgrew the memory limit ({pod.restarts} restarts)"
            fix = "raise the limit, or narrow trading.sidecarScope"
            subject = Subject("pod", f"{pod.namespace}/{pod.name}")
            yield warning(MEMORY, subject, message, fix, number=pod.restarts)
