"""The budget of the mesh: rows, shares, surge, and the tables that show them."""

import io

import pytest
from rich.console import Console

from pi_mesh.budget import mesh, table
from pi_mesh.inventory.release import surge_pods
from pi_mesh.quantities import Resources
from pi_mesh.values.objects import resource_quota
from tests.support.factories import make_mesh

OFF = {"injection": False, "workloads": 2}
SMALL_PI = {"cpu": "1", "memory": "1Gi", "pods": 20}
KEYLESS = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}


def rows_by_name(budget) -> dict[str, mesh.Row]:
    return {row.component: row for row in budget.rows}


def test_each_component_of_the_role_has_its_row():
    rows = rows_by_name(mesh.mesh_budget(make_mesh()))
    assert list(rows) == ["istiod", "ingress gateway", "egress gateway"]
    assert all(row.requests == Resources(100, 128 * 2**20) for row in rows.values())
    assert all(row.limits == Resources(500, 256 * 2**20) for row in rows.values())


def test_a_gateway_that_is_off_costs_nothing():
    assert "egress gateway" not in rows_by_name(mesh.mesh_budget(make_mesh(egress={"enabled": False})))


def test_the_sidecar_costs_what_the_proxy_settings_say():
    sidecar = mesh.mesh_budget(make_mesh()).sidecar
    assert (sidecar.requests, sidecar.limits) == (Resources(50, 128 * 2**20), Resources(200, 256 * 2**20))


def test_replicas_multiply():
    row = rows_by_name(mesh.mesh_budget(make_mesh(istio={"pilotReplicas": 3})))["istiod"]
    assert (row.pods, row.total_requests) == (3, Resources(300, 384 * 2**20))


def test_an_autoscaler_counts_with_its_maximum():
    scaled = {"replicas": 1, "autoscaling": {"enabled": True, "maxReplicas": 5}}
    assert rows_by_name(mesh.mesh_budget(make_mesh(ingress=scaled)))["ingress gateway"].pods == 5


def test_an_autoscaler_that_is_off_does_not_count():
    scaled = {"replicas": 2, "autoscaling": {"enabled": False, "maxReplicas": 5}}
    assert rows_by_name(mesh.mesh_budget(make_mesh(ingress=scaled)))["ingress gateway"].pods == 2


@pytest.mark.parametrize(("replicas", "surge"), [(1, 1), (4, 1), (5, 2), (8, 2), (9, 3), (404, 101)])
def test_a_rollout_surges_by_a_quarter_rounded_up(replicas, surge):
    assert surge_pods(replicas) == surge


def test_the_whole_is_the_sum_of_its_rows():
    budget = mesh.mesh_budget(make_mesh())
    assert (budget.requests, budget.limits) == (Resources(300, 384 * 2**20), Resources(1500, 768 * 2**20))
    assert budget.surge == Resources(300, 384 * 2**20)


def test_the_share_is_of_all_pis_together():
    budget = mesh.mesh_budget(make_mesh(cluster={"nodes": 3}))
    assert budget.requests.shares_of(budget.capacity) == pytest.approx((300 / 12000, 384 / 11100))


def test_a_mesh_larger_than_its_pis_does_not_fit():
    budget = mesh.mesh_budget(make_mesh(cluster={"nodes": 1, "node": SMALL_PI}, istio={"pilotReplicas": 9}))
    assert (budget.fits, budget.room) == (False, 0)
    assert "do NOT fit on 1 empty Pi (1 CPU, 1Gi, 20 pods)" in table.room(budget)


def test_a_mesh_without_room_for_its_rollout_does_not_fit():
    # 8 x 128Mi fill the node: three components and five sidecars, or three components with their surge and two.
    budget = mesh.mesh_budget(make_mesh(cluster={"nodes": 1, "node": SMALL_PI}))
    assert (budget.fits, budget.room) == (True, 5)
    tight = mesh.mesh_budget(make_mesh(cluster={"nodes": 1, "node": {**SMALL_PI, "memory": "640Mi"}}))
    assert (tight.fits, tight.room) == (False, 2)


def test_the_terminal_shows_every_cell():
    budget = mesh.mesh_budget(make_mesh())
    console = Console(width=200, file=io.StringIO())
    console.print(table.rendered_table(budget))
    shown = " ".join(console.file.getvalue().split())
    for line in (table.HEADINGS, *table.rows(budget)):
        assert all(cell in shown for cell in line)
    assert table.room(budget) in shown
    assert table.rows(budget)[0] == ("istiod", "1", "100m / 128Mi", "500m / 256Mi", "+ 100m / 128Mi")


def test_the_terminal_aligns_names_to_the_left_and_figures_to_the_right():
    columns = table.rendered_table(mesh.mesh_budget(make_mesh())).columns
    assert [column.justify for column in columns] == ["left", "right", "right", "right", "right"]


def test_the_outputs_have_an_entry_for_each_row():
    summary = table.summary(mesh.mesh_budget(make_mesh()))
    sidecar = {"pods": "1", "requests": "50m / 128Mi", "limits": "200m / 256Mi", "more in a rollout": ""}
    assert summary["sidecar"] == sidecar
    assert summary["share of the Pis"]["requests"] == "2.5% / 3.5%"
    assert summary["trading workloads"]["requests"] == "3000m / 7680Mi"
    assert summary["room"] == (
        "Room for 81 more sidecars on 3 empty Pis (4 CPUs, 3700Mi, 110 pods each). The 30 pods that trading.workloads "
        "promises, with their sidecars, fit beside the mesh and its rollouts."
    )


def test_a_promise_of_trading_that_does_not_fit_is_told_with_the_number_that_does():
    # A Pi of 1Gi: three components and their surge leave 256Mi, one workload with its sidecar.
    budget = mesh.mesh_budget(make_mesh(cluster={"nodes": 1, "node": SMALL_PI}, trading={"workloads": 4}))
    assert budget.kept == (1,)
    assert table.room(budget).endswith(
        "Only 1 of the 4 pods that trading.workloads promises, each with its sidecar, fit beside the mesh and its "
        "rollouts."
    )


def test_trading_counts_for_as_much_as_its_quota_admits():
    settings = make_mesh(trading={"workloads": 7}).settings
    ((namespace, row),) = mesh.promises(settings)
    hard = resource_quota(settings, namespace)["spec"]["hard"]
    assert (row.total_requests.to_kubernetes()["memory"], row.pods) == (hard["requests.memory"], int(hard["pods"]))


@pytest.mark.parametrize("memory", ["1Gi", "1024Mi", "1048576Ki"])
def test_a_row_is_shown_in_the_unit_that_the_user_wrote(memory):
    half = {"cpu": "0.5", "memory": memory}
    (row, *_) = table.rows(mesh.mesh_budget(make_mesh(istio={"resources": {"requests": half, "limits": half}})))
    assert row[2:4] == (f"0.5 / {memory}",) * 2


def test_rows_in_different_units_add_up_in_the_finer_one():
    half = {"cpu": "0.5", "memory": "1Gi"}
    summary = table.summary(mesh.mesh_budget(make_mesh(istio={"resources": {"requests": half, "limits": half}})))
    assert summary["mesh"]["requests"] == "700m / 1280Mi"


def test_the_budget_counts_cert_manager_where_it_is_ours():
    rows = {row.component: row for row in mesh.mesh_budget(make_mesh(vault=KEYLESS)).rows}
    assert str(rows["cert-manager"].requests.memory) == str(64 * 1024**2)
    assert rows["cert-manager"].surge == 1
    others = {**KEYLESS, "certManager": {"install": False}}
    assert "cert-manager" not in {row.component for row in mesh.mesh_budget(make_mesh(vault=others)).rows}


def test_each_namespace_has_a_row_and_a_sentence_about_its_pods():
    summary = table.summary(mesh.mesh_budget(make_mesh(namespaces={"research": {"workloads": 1}, "batch": OFF})))
    assert summary["workloads of research"]["requests"] == "100m / 256Mi"
    assert summary["workloads of batch"]["requests"] == "100m / 256Mi"
    assert summary["room"].endswith(
        "The 1 pod that namespaces.research.workloads promises, with its sidecar, fits beside them. The 2 pods that "
        "namespaces.batch.workloads promises fit beside them."
    )


def test_a_namespace_gets_what_those_before_it_leave():
    # A Pi of 1Gi has 256Mi left for one workload with its sidecar, and trading comes first.
    cluster = {"nodes": 1, "node": SMALL_PI}
    budget = mesh.mesh_budget(
        make_mesh(cluster=cluster, trading={"workloads": 1}, namespaces={"research": {"workloads": 2}})
    )
    assert budget.kept == (1, 0)


def test_the_row_of_a_namespace_counts_for_as_much_as_its_quota():
    settings = make_mesh(namespaces={"batch": OFF}).settings
    _, (namespace, row) = mesh.promises(settings)
    hard = resource_quota(settings, namespace)["spec"]["hard"]
    assert (row.total_requests.to_kubernetes()["memory"], row.pods) == (hard["requests.memory"], int(hard["pods"]))


def test_a_promise_and_a_sidecar_have_no_surge_of_their_own():
    budget = mesh.mesh_budget(make_mesh())
    assert [row.surge for row in (budget.sidecar, *(promise.row for promise in budget.promises))] == [0, 0]


@pytest.mark.parametrize(("nodes", "pis"), [(1, "1 empty Pi (4 CPUs, 3700Mi, 110 pods)"), (2, "pods each)")])
def test_the_room_says_on_which_pis(nodes, pis):
    assert pis in table.room(mesh.mesh_budget(make_mesh(cluster={"nodes": nodes})))
