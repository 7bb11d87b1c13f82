"""The pods that each namespace's `workloads` promises should fit beside the mesh, each with its sidecar."""

from collections.abc import Iterator, Sequence

from pi_mesh.budget.fit import Node, fill
from pi_mesh.budget.mesh import Promise, Row, promises, total
from pi_mesh.checks.finding import Finding, ok, setting, warning
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.counts import agreeing, counted
from pi_mesh.inventory import Inventory

ID, FURTHER = "room for trading", "room for namespaces"


def findings(mesh: Inventory, snapshot: Snapshot, left: Sequence[Node]) -> Iterator[Finding]:
    """Judge if the pods that the ResourceQuotas still admit fit beside the mesh; a promise alone stops no `up`."""
    for promise in promises(mesh.settings):
        there = [pod for pod in snapshot.pods if pod.namespace == promise.namespace.name and pod.node]
        promised = _still_admitted(promise.row, there)
        fits, left = fill(left, promise.row.requests, promised)
        pods = counted(promised, f"{'more ' if there else ''}pod")
        yield _finding(promise, pods, promised, fits)


def _finding(promise: Promise, pods: str, promised: int, fits: int) -> Finding:
    namespace, row = promise
    check, key = ID if namespace.is_trading else FURTHER, namespace.setting
    subject, injected = setting(f"{key}.workloads"), namespace.own.injection
    if not promised:
        return ok(check, subject, "all promised pods run already", number=0)
    beside = "the mesh" if namespace.is_trading else "the mesh and the namespaces before it"
    if fits == promised:
        verb, sidecars = agreeing(promised, "fits", "fit"), " with sidecars" if injected else ""
        return ok(check, subject, f"{pods}{sidecars}, which it promises, {verb} beside {beside}", number=fits)
    message = (
        f"promises {pods}, each of {row.requests.in_words}{' with its sidecar' if injected else ''}, and "
        f"{fits or 'none'} of them {agreeing(fits, 'fits', 'fit')} beside {beside}"
    )
    return warning(check, subject, message, f"lower {key}.workloads or {key}.workload, or add a node", number=fits)


def _still_admitted(row: Row, there: Sequence[Pod]) -> int:
    """Return how many pods of the default size the quota admits besides those that run."""
    rest = row.total_requests - total(pod.requests for pod in there)
    bounds = (row.pods - len(there), rest.cpu // row.requests.cpu, rest.memory // row.requests.memory)
    return max(0, min(bounds))
