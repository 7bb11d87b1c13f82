"""The budget of the mesh: rows, shares, surge, and the tables that show them."""

import io

import pytest
from rich.console import Console

from pi_mesh.budget import mesh
from pi_mesh.budget import table as tables
from pi_mesh.inventory.release import surge_pods
from pi_mesh.quantities import MI, Resources
from pi_mesh.values.objects import resource_quota
from tests.support.factories import make_mesh
from tests.support.findings import case, table

OFF = {"injection": False, "workloads": 2}
SMALL_PI = {"cpu": "1", "memory": "1Gi", "pods": 20}
ONE_PI = {"cluster": {"nodes": 1, "node": SMALL_PI}}
"""A Pi of 8 x 128Mi: three components and their surge leave 256Mi, one workload with its sidecar."""
KEYLESS = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}
GATEWAY = ("ingress gateway", 1, 100, 128)
ISTIOD = ("istiod", 1, 100, 128)
EGRESS = ("egress gateway", 1, 100, 128)
PROMISES = {
    "fewer than were promised": ({"trading": {"workloads": 4}}, (1,)),
    "what those before it leave": ({"trading": {"workloads": 1}, "namespaces": {"research": {"workloads": 2}}}, (1, 0)),
}


def budget(**settings: object):
    return mesh.mesh_budget(make_mesh(**settings))


def scaled(replicas: int, enabled: bool) -> dict:
    return {"ingress": {"replicas": replicas, "autoscaling": {"enabled": enabled, "maxReplicas": 5}}}


@table(
    ({}, [ISTIOD, GATEWAY, EGRESS]),
    ({"egress": {"enabled": False}}, [ISTIOD, GATEWAY]),
    ({"istio": {"pilotReplicas": 3}}, [("istiod", 3, 300, 384), GATEWAY, EGRESS]),
    case("an autoscaler's maximum", scaled(1, True), [ISTIOD, ("ingress gateway", 5, 500, 640), EGRESS]),
    case("one that is off", scaled(2, False), [ISTIOD, ("ingress gateway", 2, 200, 256), EGRESS]),
)
def test_each_component_that_is_on_has_its_row_and_replicas_multiply(settings, rows):
    totals = [(row.component, row.pods, row.total_requests) for row in budget(**settings).rows]
    assert totals == [(name, pods, Resources(cpu, memory * MI)) for name, pods, cpu, memory in rows]


def test_the_limits_the_sidecar_and_the_sum_are_those_of_the_role():
    whole = budget()
    assert {(row.requests, row.limits) for row in whole.rows} == {(Resources(100, 128 * MI), Resources(500, 256 * MI))}
    assert (whole.sidecar.requests, whole.sidecar.limits) == (Resources(50, 128 * MI), Resources(200, 256 * MI))
    assert whole.requests == whole.surge == Resources(300, 384 * MI)
    assert whole.limits == Resources(1500, 768 * MI)
    assert [row.surge for row in (whole.sidecar, *(promise.row for promise in whole.promises))] == [0, 0]


@pytest.mark.parametrize(("replicas", "surge"), [(1, 1), (4, 1), (5, 2), (8, 2), (9, 3), (404, 101)])
def test_a_rollout_surges_by_a_quarter_rounded_up(replicas, surge):
    assert surge_pods(replicas) == surge


def test_the_share_is_of_all_pis_together():
    whole = budget(cluster={"nodes": 3})
    assert whole.requests.shares_of(whole.capacity) == pytest.approx((300 / 12000, 384 / 11100))


@table(
    ({**ONE_PI, "istio": {"pilotReplicas": 9}}, False, 0),
    (ONE_PI, True, 5),
    # Without its surge the mesh fits, beside two sidecars.
    ({"cluster": {"nodes": 1, "node": {**SMALL_PI, "memory": "640Mi"}}}, False, 2),
)
def test_a_mesh_without_room_for_its_rollout_does_not_fit(settings, fits, room):
    assert (budget(**settings).fits, budget(**settings).room) == (fits, room)
    assert ("do NOT fit on 1 empty Pi (1 CPU," in tables.room(budget(**settings))) is not fits


def test_the_terminal_shows_every_cell_with_names_to_the_left_and_figures_to_the_right():
    whole = budget()
    console = Console(width=200, file=io.StringIO())
    console.print(tables.rendered_table(whole))
    shown = " ".join(console.file.getvalue().split())
    assert [cell for line in (tables.HEADINGS, *tables.rows(whole)) for cell in line if cell not in shown] == []
    assert tables.room(whole) in shown
    assert tables.rows(whole)[0] == ("istiod", "1", "100m / 128Mi", "500m / 256Mi", "+ 100m / 128Mi")
    assert [column.justify for column in tables.rendered_table(whole).columns] == ["left", *["right"] * 4]


def test_the_outputs_have_an_entry_for_each_row():
    summary = tables.summary(budget(namespaces={"research": {"workloads": 1}, "batch": OFF}))
    sidecar = {"pods": "1", "requests": "50m / 128Mi", "limits": "200m / 256Mi", "more in a rollout": ""}
    assert (summary["sidecar"], summary["share of the Pis"]["requests"]) == (sidecar, "2.5% / 3.5%")
    namespaces = {"trading workloads": "3000m / 7680Mi", "workloads of research": "100m / 256Mi"}
    namespaces["workloads of batch"] = "100m / 256Mi"
    assert {name: summary[name]["requests"] for name in namespaces} == namespaces
    assert summary["room"] == (
        "Room for 81 more sidecars on 3 empty Pis (4 CPUs, 3700Mi, 110 pods each). The 30 pods that trading.workloads "
        "promises, with their sidecars, fit beside the mesh and its rollouts. "
        "The 1 pod that namespaces.research.workloads promises, with its sidecar, fits beside them. The 2 pods that "
        "namespaces.batch.workloads promises fit beside them."
    )


@pytest.mark.parametrize(("settings", "kept"), PROMISES.values(), ids=PROMISES)
def test_of_a_promise_that_does_not_fit_a_namespace_gets(settings, kept):
    assert budget(**ONE_PI, **settings).kept == kept


def test_a_promise_of_trading_that_does_not_fit_is_a_sentence():
    line = tables.room(budget(**ONE_PI, trading={"workloads": 4}))
    assert "Only 1 of the 4 pods that trading.workloads promises, each with its sidecar, fit beside the mesh" in line


def test_a_namespace_counts_for_as_much_as_its_quota_admits():
    settings = make_mesh(trading={"workloads": 7}, namespaces={"batch": OFF}).settings
    for namespace, row in mesh.promises(settings):
        hard = resource_quota(settings, namespace)["spec"]["hard"]
        assert (row.total_requests.to_kubernetes()["memory"], row.pods) == (hard["requests.memory"], int(hard["pods"]))


@pytest.mark.parametrize("memory", ["1Gi", "1024Mi", "1048576Ki"])
def test_a_row_is_shown_in_the_unit_that_the_user_wrote_and_a_sum_in_mi(memory):
    half = {"cpu": "0.5", "memory": memory}
    own = budget(istio={"resources": {"requests": half, "limits": half}})
    assert tables.rows(own)[0][2:4] == (f"0.5 / {memory}",) * 2
    assert tables.summary(own)["mesh"]["requests"] == "700m / 1280Mi"


@pytest.mark.parametrize(("install", "rows"), [(True, [(64 * MI, 1)]), (False, [])])
def test_the_budget_counts_cert_manager_where_it_is_ours(install, rows):
    every = budget(vault={**KEYLESS, "certManager": {"install": install}}).rows
    assert [(row.requests.memory, row.surge) for row in every if row.component == "cert-manager"] == rows


@pytest.mark.parametrize(("nodes", "pis"), [(1, "1 empty Pi (4 CPUs, 3700Mi, 110 pods)"), (2, "pods each)")])
def test_the_room_says_on_which_pis(nodes, pis):
    assert pis in tables.room(budget(cluster={"nodes": nodes}))
