"""The headroom beside a running mesh: its own pods need no second place, and trading gets its promised pods."""

import pytest

from lab.cluster.names import CONTEXT
from pi_mesh.budget.fit import fitting
from pi_mesh.budget.mesh import mesh_budget
from pi_mesh.checks.capacity import rooms
from pi_mesh.checks.preflight import room_for_the_mesh
from pi_mesh.cluster import snapshot
from tests.support.factories import make_mesh
from tests.support.project import Project
from tests.support.scheduler import accepted, decisions, probes

BUDGET = mesh_budget(make_mesh())
SIDECAR, TRADING = BUDGET.sidecar.requests, BUDGET.promises[0].row
LARGER = {half: {"cpu": "100m", "memory": "192Mi"} for half in ("requests", "limits")}


def findings(project: Project) -> dict[str, dict]:
    """Return what the preflight says, by the check's name; it must not refuse."""
    return {finding["id"]: finding for finding in project.operation("preflight", "--json").must().findings}


def test_trading_gets_the_pods_that_it_is_promised(mesh, figure):
    found = findings(mesh)[room_for_the_mesh.TRADING]
    assert (found["level"], found["number"]) == ("ok", TRADING.pods)
    assert accepted(TRADING.requests, TRADING.pods) == TRADING.pods
    figure(f"{TRADING.pods} of {TRADING.requests} promised and accepted beside the running mesh")


@pytest.mark.usefixtures("as_user")
def test_a_full_cluster_refuses_no_up_that_restarts_nothing(mesh, figure):
    live = snapshot.read(CONTEXT)
    count = fitting(rooms(live.nodes, live.pods), SIDECAR)
    with probes(SIDECAR, count + 1):
        assert decisions().count("False") == 1
        found = findings(mesh)
        again = mesh.must_up()
        mesh.set("istio.resources", LARGER)
        larger = mesh.preview()
    mesh.reset()
    assert found[room_for_the_mesh.ID]["level"] == "warning"
    assert found[room_for_the_mesh.TRADING]["number"] == 0
    assert "unchanged" in again.output
    refusal = larger.refused("with the surge of its rollouts, which do not fit").strip()
    figure(f"{count} sidecars fill the cluster: {found[room_for_the_mesh.ID]['message']}; a larger istiod: {refusal}")
