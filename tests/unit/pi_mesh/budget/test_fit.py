"""The number of pods that the scheduler still accepts."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pi_mesh.budget.fit import Node, fill, fitting, place
from pi_mesh.quantities import MI, Resources
from tests.support.findings import table

SIDECAR = Resources(50, 128 * MI)


def node(cpu: int = 4000, memory: int = 3700, pods: int = 110, accepts: bool = True, less: int = 0) -> Node:
    """Return a node with this room; `memory` is in Mi, `less` in bytes."""
    return Node("pi", Resources(cpu, memory * MI - less), pods, accepts)


@table(
    (node(), 28),  # memory: 3700 / 128
    (node(cpu=149), 2),
    (node(pods=7), 7),
    (node(memory=128), 1),
    (node(memory=128, less=1), 0),
    (node(cpu=-100), 0),
    (node(pods=0), 0),
    (node(accepts=False), 0),
)
def test_the_scarcest_of_cpu_memory_and_pods_decides(free, count):
    assert free.room(SIDECAR) == count


def test_what_is_not_asked_for_is_never_refused():
    assert node(cpu=-100, pods=9).room(Resources(0, MI)) == 9


def test_pods_are_spread_over_the_emptiest_nodes_and_one_that_fits_nowhere_is_told():
    left = place([node(), node()], [SIDECAR, SIDECAR])
    assert [one.free for one in left or ()] == [node().free - SIDECAR] * 2
    assert place([node(memory=100)] * 3, [SIDECAR]) is None


def test_the_largest_pod_is_placed_first_so_that_small_ones_leave_it_its_node():
    small, large = Resources(50, 100 * MI), Resources(50, 300 * MI)
    assert place([node(memory=300), node(memory=200)], [small, small, large]) is not None


amounts = st.builds(Resources, st.integers(1, 120), st.integers(1, 200).map(lambda mi: mi * MI))
nodes = st.builds(node, st.integers(-100, 600), st.integers(-100, 900), st.integers(0, 9), st.booleans())


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(nodes, max_size=4), amounts)
def test_the_count_is_what_adding_pods_one_by_one_reaches(cluster, requests):
    added, left = 0, cluster
    while (after := place(left, [requests])) is not None:
        added, left = added + 1, after
    assert added == fitting(cluster, requests)


def test_pods_are_placed_until_no_node_has_room_and_no_more_than_asked_for():
    count, left = fill([node(memory=300), node(memory=128, pods=1), node(accepts=False)], SIDECAR, 5)
    assert (count, sum(one.room(SIDECAR) for one in left)) == (3, 0)
    count, (only,) = fill([node(memory=300)], SIDECAR, 1)
    assert (count, only.free.memory) == (1, 172 * MI)
