"""The preflight's findings about free memory."""

from pi_mesh.checks.finding import Level
from pi_mesh.checks.preflight import memory
from pi_mesh.quantities import MI
from tests.support.factories import make_mesh
from tests.support.preflight_problems import problems
from tests.support.snapshots import installed_mesh, make_pod, make_snapshot, state_of


def test_a_node_with_too_little_free_memory_is_named_with_both_numbers():
    busy = make_pod(memory=2000, node="pi-2")
    (problem,) = problems(make_snapshot(pods=(busy,)))
    assert problem.startswith("node pi-2: 1700Mi of 3700Mi memory are free, 2Gi needed")


def test_free_memory_is_not_asked_for_once_the_mesh_is_there():
    trading = make_pod(memory=2000, node="pi-2", namespace="trading")
    assert problems(make_snapshot(pods=(trading,), **installed_mesh()), state_of()) == []


def test_exactly_the_wanted_memory_is_enough_and_said_once():
    exact, scarce = (make_snapshot(pods=(make_pod(memory=memory, node="pi-2"),)) for memory in (1652, 1653))
    (row,) = memory.check(make_mesh(), exact)
    assert (row.level, str(row)) == (Level.OK, "nodes: at least 2Gi of memory are free on each")
    (row,) = memory.check(make_mesh(), scarce)
    assert (row.level, row.number) == (Level.ERROR, 2047 * MI)
