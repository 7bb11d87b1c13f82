"""The pods that `trading.workloads` promises should fit beside the mesh, each with its sidecar."""

from collections.abc import Sequence

from pi_mesh.budget.fit import Node, fitting
from pi_mesh.budget.mesh import Row, total, trading
from pi_mesh.checks.finding import Finding, ok, setting, warning
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.counts import agreeing, counted
from pi_mesh.inventory import Inventory

ID = "room for trading"


def finding(mesh: Inventory, snapshot: Snapshot, left: Sequence[Node]) -> Finding:
    """Judge if the pods that the ResourceQuota still admits fit beside the mesh; a promise alone stops no `up`."""
    namespace, row, subject = mesh.settings.trading.namespace, trading(mesh.settings), setting("trading.workloads")
    there = [pod for pod in snapshot.pods if pod.namespace == namespace and pod.node]
    promised = _still_admitted(row, there)
    fits = min(promised, fitting(left, row.requests))
    if not promised:
        return ok(ID, subject, "all promised pods run already", number=0)
    pods = counted(promised, f"{'more ' if there else ''}pod")
    if fits == promised:
        verb = agreeing(promised, "fits", "fit")
        return ok(ID, subject, f"{pods} with sidecars, which it promises, {verb} beside the mesh", number=fits)
    message = (
        f"promises {pods}, each of {row.requests.in_words} with its sidecar, and "
        f"{fits or 'none'} of them {agreeing(fits, 'fits', 'fit')} beside the mesh"
    )
    return warning(ID, subject, message, "lower trading.workloads or trading.workload, or add a node", number=fits)


def _still_admitted(row: Row, there: Sequence[Pod]) -> int:
    """Return how many pods of the default size the quota admits besides those that run."""
    rest = row.total_requests - total(pod.requests for pod in there)
    bounds = (row.pods - len(there), rest.cpu // row.requests.cpu, rest.memory // row.requests.memory)
    return max(0, min(bounds))
