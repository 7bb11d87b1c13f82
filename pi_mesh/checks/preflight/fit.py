"""The whole mesh must fit on the nodes, rollouts included."""

from collections.abc import Iterator

from pi_mesh.budget import mesh as budget
from pi_mesh.budget.fit import Node, place
from pi_mesh.checks.capacity import rooms
from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory
from pi_mesh.quantities import Resources

ID = "room for the mesh"


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    """Count what the running mesh itself holds as free: its successor takes its place."""
    others = [pod for pod in snapshot.pods if not mesh.has_pod(pod.namespace, pod.labels)]
    nodes = [node for node in snapshot.nodes if node.architecture == mesh.settings.cluster.architecture]
    free = [node for node in rooms(nodes, others) if node.accepts]
    rows = budget.of(mesh).rows
    needed = budget.total(row.total_requests + row.surge_requests for row in rows)
    if place(free, [row.requests for row in rows for _ in range(row.pods + row.surge)]) is not None:
        yield ok(ID, Subject("node"), f"the mesh and the surge of its rollouts, {needed}, fit")
        return
    message = f"the mesh needs {needed} with the surge of its rollouts, which do not fit: {_shown(free)}"
    fix = "free some, add a node, or lower the resources or replicas in the stack file"
    yield error(ID, Subject("node"), message, fix)


def _shown(nodes: list[Node]) -> str:
    return ", ".join(f"{node.name} has {_positive(node.free)} free" for node in nodes) or "no node takes pods"


def _positive(free: Resources) -> Resources:
    return Resources(max(0, free.cpu), max(0, free.memory))
