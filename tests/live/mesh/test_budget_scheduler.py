"""The budget is true: what it says still fits is what the real scheduler accepts, pod for pod."""

from collections import Counter
from collections.abc import Iterator

import pytest

from lab.cluster import simulated
from lab.cluster.names import CONTEXT
from lab.cluster.simulated import SimulatedNode
from pi_mesh.budget.fit import fitting
from pi_mesh.budget.mesh import mesh_budget
from pi_mesh.checks.capacity import rooms
from pi_mesh.checks.preflight.a_node_less import losses
from pi_mesh.cluster import snapshot
from pi_mesh.quantities import Resources
from tests.support.factories import make_mesh
from tests.support.objects import cordoned
from tests.support.scheduler import CROWD, accepted, crowd, emptied, pending_workloads

pytestmark = pytest.mark.usefixtures("as_user")

TOO_MANY = 2  # pods beyond the prediction: they must stay Pending, and no other
SIDECAR = mesh_budget(make_mesh()).sidecar.requests
TRADING = mesh_budget(make_mesh()).promises[0].row.requests
BUSY = Resources(700, 2**24)  # pods that run out of CPU first, where sidecars run out of memory


def predicted(pod: Resources) -> int:
    """Return the budget's number of pods on the live nodes."""
    live = snapshot.read(CONTEXT)
    return fitting(rooms(live.nodes, live.pods), pod)


@pytest.mark.parametrize("pod", [SIDECAR, BUSY, TRADING], ids=["sidecars", "busy pods", "trading workloads"])
def test_as_many_pods_fit_as_the_budget_says(pod, figure):
    count = predicted(pod)
    assert count > 0
    assert accepted(pod, count + TOO_MANY) == count
    figure(f"{count} of {pod} predicted and accepted, {TOO_MANY} more left Pending")


def test_a_cordoned_node_counts_no_more(figure):
    before = predicted(SIDECAR)
    with cordoned("pi-2"):
        count = predicted(SIDECAR)
        assert 0 < count < before
        assert accepted(SIDECAR, count + TOO_MANY) == count
    figure(f"{before} sidecars on three nodes; {count} predicted and accepted on two, {TOO_MANY} more left Pending")


@pytest.fixture
def simulated_pis() -> Iterator[tuple[str, ...]]:
    """Three simulated nodes, and pods on them of which some are too large to move when one node dies."""
    nodes = [SimulatedNode(f"sim-{number}", memory="1000Mi") for number in (1, 2, 3)]
    simulated.put(*nodes)
    with crowd():
        yield tuple(node.name for node in nodes)
    simulated.remove_all()


def test_what_a_dead_node_leaves_without_a_place_is_what_the_scheduler_leaves_pending(simulated_pis, figure):
    rows = []
    for node in simulated_pis:
        (loss,) = [one for one in losses(make_mesh(), snapshot.read(CONTEXT)) if one.node == node]
        foretold = Counter(pod.workload for pod in loss.pending if pod.namespace == CROWD)
        with emptied(node):
            pending = Counter(pending_workloads())
        rows.append(f"{node}: {in_words(foretold)} predicted, {in_words(pending)} left Pending")
        assert foretold == pending, rows
    assert any("2 of wide" in row for row in rows), rows
    assert any("1 of pinned" in row for row in rows), rows
    figure("; ".join(rows))
    print("\n".join(rows))


def in_words(pods: Counter[str]) -> str:
    return " and ".join(f"{count} of {name.partition('/')[2]}" for name, count in sorted(pods.items())) or "none"
