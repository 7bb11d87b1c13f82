"""The words of the command `budget`: the nodes' headroom and the forecast."""

import pytest

from operations.budget import headroom
from pi_mesh.budget import mesh
from pi_mesh.budget.fit import Node
from pi_mesh.checks.restarts import Forecast
from pi_mesh.quantities import MI, Resources
from tests.support.factories import make_mesh, make_settings

SIDECAR = Resources(50, 128 * MI)
FORECAST = Forecast(("A",), ("B", "C"), ("concurrency", "drain"))
EFFECTS = (
    "Pods that `up` restarts: A; Pods that `up` deletes: B, C; Running proxies keep the old concurrency, drain until "
    "`python -m operations refresh -s pi-cluster`"
)


def node(memory: int = 300, accepts: bool = True) -> Node:
    return Node("pi-1", Resources(100, memory * MI), 110, accepts)


@pytest.mark.parametrize(("accepts", "number", "words"), [
    (True, 2, "2 more (100m / 300Mi free)"), (False, 0, "0 more (100m / 300Mi free, takes no pods)"),
])  # fmt: skip
def test_a_node_is_shown_with_the_sidecars_that_still_fit(accepts, number, words):
    finding = headroom._finding(node(accepts=accepts), SIDECAR)
    assert (finding.name, finding.message, finding.number) == ("pi-1", words, number)


@pytest.mark.parametrize(("forecast", "number", "words"), [
    (FORECAST, 3, EFFECTS), (Forecast(), 0, "an `up` restarts no pod and closes no connection"),
])  # fmt: skip
def test_what_an_up_restarts_deletes_and_keeps_is_one_sentence(forecast, number, words):
    finding = headroom._forecast(forecast, "pi-cluster")
    assert (str(finding.subject), finding.number) == ("stack pi-cluster", number)
    assert finding.message == words


@pytest.mark.parametrize(("waiting", "words"), [
    (0, "4 sidecars fit"),
    (1, "4 sidecars fit, and 3 once the 1 pod of the mesh that the scheduler still places has come"),
    (2, "4 sidecars fit, and 3 once the 2 pods of the mesh that the scheduler still places have come"),
])  # fmt: skip
def test_the_room_is_told_before_and_after_the_mesh_has_come(waiting, words):
    part = headroom._part(mesh.mesh_budget(make_mesh()), [node(), node(), node(accepts=False)], waiting, beside=3)
    assert (part.sidecars, headroom._room(part)) == (4, words)


def test_each_namespace_of_workloads_has_its_part_after_tradings():
    part = headroom._part(mesh.mesh_budget(make_mesh(namespaces={"research": {"workloads": 2}})), [node()], 0, beside=0)
    assert part.trading.component == "trading workloads"
    assert [(one.component, one.pods) for one in part.namespaces] == [("workloads of research", 2)]


def test_the_room_of_the_access_logs_is_that_of_all_proxies_that_write_them():
    (finding,) = headroom._access_logs(make_settings(observability={"accessLogs": {"gateways": True}}))
    assert finding.number == 2 * 50 * MI
    assert "a million logged requests are 500 MB; of 2 proxies kubelets keep at most 50 MiB of each" in finding.message
    assert list(headroom._access_logs(make_settings())) == []


def test_the_writes_of_istiods_locks_are_told():
    finding = headroom._card_writes()
    assert (str(finding.subject), finding.number) == ("istiod", 2400)
    assert "2400 writes an hour on the card" in finding.message
