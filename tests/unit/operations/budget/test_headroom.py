"""The words of the command `budget`: the nodes' headroom and the forecast."""

import pytest

from operations.budget import headroom
from pi_mesh.budget import mesh
from pi_mesh.budget.fit import Node
from pi_mesh.checks.capacity import Demand
from pi_mesh.checks.restarts import Forecast
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.quantities import MI, Resources
from tests.support.factories import make_mesh, make_settings

SIDECAR = Resources(50, 128 * MI)


def node(memory: int = 300, accepts: bool = True) -> Node:
    return Node("pi-1", Resources(100, memory * MI), 110, accepts)


def test_a_node_is_shown_with_the_sidecars_that_still_fit():
    found = headroom._finding(node(), SIDECAR)
    assert (found.name, found.message, found.number) == ("pi-1", "2 more (100m / 300Mi free)", 2)
    cordoned = headroom._finding(node(accepts=False), SIDECAR)
    assert (cordoned.message, cordoned.number) == ("0 more (100m / 300Mi free, takes no pods)", 0)


def test_what_an_up_restarts_deletes_and_keeps_is_one_sentence():
    forecast = Forecast(("Deployment a/b",), ("Deployment a/c", "Deployment a/d"), ("concurrency", "drain"))
    found = headroom._forecast(forecast, "pi-cluster")
    assert (str(found.subject), found.number) == ("stack pi-cluster", 3)
    assert found.message == (
        "an `up` restarts the pods of: Deployment a/b; it deletes the pods of: Deployment a/c, Deployment a/d; "
        "running proxies keep the old concurrency, drain until `refresh`"
    )


def test_an_up_that_restarts_nothing_says_so():
    found = headroom._forecast(Forecast(), "pi-cluster")
    assert (found.message, found.number) == ("an `up` restarts the pods of: none", 0)


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        (0, "4 sidecars fit"),
        (1, "4 sidecars fit, and 3 once the 1 pod of the mesh that the scheduler still places has come"),
        (2, "4 sidecars fit, and 3 once the 2 pods of the mesh that the scheduler still places have come"),
    ],
)
def test_the_room_is_told_before_and_after_the_mesh_has_come(waiting, words):
    part = headroom._part(mesh.mesh_budget(make_mesh()), [node(), node(), node(accepts=False)], waiting, beside=3)
    assert part.sidecars == 4
    assert headroom._room(part) == words


def test_each_namespace_of_workloads_has_its_part_after_tradings():
    part = headroom._part(mesh.mesh_budget(make_mesh(namespaces={"research": {"workloads": 2}})), [node()], 0, beside=0)
    assert part.trading.component == "trading workloads"
    assert [(one.component, one.pods) for one in part.namespaces] == [("workloads of research", 2)]


def asked(memory: int) -> Demand:
    """Return the demand of one pod, where a node of another architecture is free too."""
    coming = Pod("istio-system", "istiod", containers=(Container("discovery", requests=Resources(50, memory * MI)),))
    return Demand(nodes=(node(),), others=(node(500),), staying=(), coming=(coming,), surge=())


def test_the_nodes_are_counted_with_the_mesh_placed_and_none_where_it_does_not_fit():
    placed, other = headroom._left(asked(memory=200))
    assert (placed.free.memory, other.free.memory) == (100 * MI, 500 * MI)
    assert headroom._left(asked(memory=301)) == ()


def test_the_room_of_the_access_logs_is_that_of_all_proxies_that_write_them():
    logs = {"accessLogs": {"gateways": True}}
    (found,) = headroom._access_logs(make_settings(observability=logs))
    assert found.number == 2 * 50 * MI
    assert found.message == (
        "a million logged requests are 500 MB; of 2 proxies kubelets keep at most 50 MiB of each, 100 MiB in all, "
        "unless they are configured otherwise"
    )
    assert list(headroom._access_logs(make_settings())) == []
