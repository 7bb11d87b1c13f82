"""The budget of the mesh: rows, shares, surge, and the tables that show them."""

import io

import pytest
from rich.console import Console

from pi_mesh.budget import mesh
from pi_mesh.budget import table as tables
from pi_mesh.inventory.release import surge_pods
from tests.support.factories import make_mesh
from tests.support.findings import case, table

TWO = {"workloads": 2}
SMALL_PI = {"cpu": "1", "memory": "1Gi", "pods": 20}
ONE_PI = {"cluster": {"nodes": 1, "node": SMALL_PI}}
"""A Pi of 8 x 128Mi: three components and their surge leave 256Mi, one workload with its sidecar."""
KEYLESS = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}
ONLY = "Only {} pods that {}.workloads promises, each with its sidecar, fit beside {}."


def budget(**settings: object):
    return mesh.mesh_budget(make_mesh(**settings))


@pytest.mark.parametrize(("replicas", "surge"), [(1, 1), (4, 1), (5, 2), (8, 2), (9, 3), (404, 101)])
def test_a_rollout_surges_by_a_quarter_rounded_up(replicas, surge):
    assert surge_pods(replicas) == surge


@table(
    ({**ONE_PI, "istio": {"pilotReplicas": 9}}, False, 0),
    (ONE_PI, True, 5),
    # Without its surge the mesh fits, beside two sidecars.
    ({"cluster": {"nodes": 1, "node": {**SMALL_PI, "memory": "640Mi"}}}, False, 2),
)
def test_a_mesh_without_room_for_its_rollout_does_not_fit(settings, fits, room):
    assert (budget(**settings).fits, budget(**settings).room) == (fits, room)
    assert ("do NOT fit on 1 empty Pi (1 CPU, 640Mi, 20 pods)" in tables.room(budget(**settings))) is (room == 2)


def test_the_terminal_shows_every_cell_with_names_to_the_left_and_figures_to_the_right():
    whole = budget()
    console = Console(width=200, file=io.StringIO())
    console.print(tables.rendered_table(whole))
    shown = " ".join(console.file.getvalue().split())
    assert [cell for line in (tables.HEADINGS, *tables.rows(whole)) for cell in line if cell not in shown] == []
    assert tables.room(whole) in shown
    assert [column.justify for column in tables.rendered_table(whole).columns] == ["left", *["right"] * 4]


@table(
    case("fewer than were promised", 4, {}, (1,), ONLY.format("1 of the 4", "trading", "the mesh and its rollouts")),
    case("what is left", 1, {"research": TWO}, (1, 0), ONLY.format("0 of the 2", "namespaces.research", "them")),
)
def test_of_a_promise_that_does_not_fit_a_namespace_gets(workloads, namespaces, kept, told):
    promised = budget(**ONE_PI, trading={"workloads": workloads}, namespaces=namespaces)
    assert promised.kept == kept
    assert tables.room(promised).endswith(told)


@pytest.mark.parametrize("memory", ["1Gi", "1024Mi", "1048576Ki"])
def test_a_row_is_shown_in_the_unit_that_the_user_wrote_and_a_sum_in_mi(memory):
    half = {"cpu": "0.5", "memory": memory}
    own = budget(istio={"resources": {"requests": half, "limits": half}})
    assert tables.rows(own)[0][2:4] == (f"0.5 / {memory}",) * 2
    assert {name: requests for name, _, requests, *_ in tables.rows(own)}["mesh"] == "700m / 1280Mi"


def test_the_budget_counts_no_cert_manager_of_others():
    others = budget(vault={**KEYLESS, "certManager": {"install": False}})
    assert "cert-manager" not in {row.component for row in others.rows}
