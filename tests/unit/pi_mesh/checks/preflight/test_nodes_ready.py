"""The preflight's findings about the number, the state and the architecture of nodes."""

import pytest

from pi_mesh.checks.finding import Level, errors
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.nodes_ready import check_kubelets
from tests.support.factories import make_mesh
from tests.support.preflight_problems import findings, problems
from tests.support.snapshots import installed_mesh, make_node, make_pis, make_snapshot, state_of


def test_a_fit_cluster_has_no_problem():
    assert problems(make_snapshot()) == []


def test_two_nodes_where_three_are_asked_for_are_too_few():
    (problem,) = problems(make_snapshot(nodes=make_pis(2)))
    assert "2 nodes are Ready and schedulable, at least 3 needed: pi-1, pi-2" in problem


def test_the_number_of_ready_nodes_is_a_field_of_its_own():
    assert [f.number for f in findings(make_snapshot(nodes=make_pis(2))) if f.name == "cluster.nodes"] == [2]


def test_the_free_memory_of_a_node_is_a_field_of_its_own_in_bytes():
    found = errors(findings(make_snapshot(nodes=(*make_pis(2), make_node("pi-3", memory=300)))))
    assert [(f.kind, f.name, f.number) for f in found if f.id == "free memory"] == [("node", "pi-3", 300 * 2**20)]


@pytest.mark.parametrize(("state", "said"), [({"ready": False}, "is not Ready"), ({"cordoned": True}, "is cordoned")])
def test_a_node_that_takes_no_pods_is_named_and_does_not_count(state, said):
    nodes = (*make_pis(2), make_node("pi-3", **state))
    found = findings(make_snapshot(nodes=nodes))
    assert any(str(f.subject) == "node pi-3" and f.level is Level.WARNING and said in f.message for f in found)
    assert any("2 nodes are Ready" in f.message for f in errors(found))


@pytest.mark.parametrize(
    "third",
    [(), (make_node("pi-3", ready=False),), (make_node("pi-3", cordoned=True),)],
    ids=["gone", "dead", "drained"],
)
def test_an_installed_mesh_that_misses_a_node_is_warned_and_not_refused(third):
    found = findings(make_snapshot(nodes=(*make_pis(2), *third), **installed_mesh()), state_of())
    assert errors(found) == []
    (count,) = [finding for finding in found if finding.name == "cluster.nodes"]
    assert (count.level, count.number) == (Level.WARNING, 2)


def test_a_fourth_node_that_is_down_is_a_warning_only():
    assert problems(make_snapshot(nodes=(*make_pis(3), make_node("pi-4", ready=False)))) == []


@pytest.mark.row(23)
def test_a_32_bit_node_is_refused_by_name():
    nodes = (*make_pis(3), make_node("pi-4", architecture="arm"))
    (problem,) = problems(make_snapshot(nodes=nodes))
    assert problem.startswith("node pi-4: is arm: Istio has no images for it")


@pytest.mark.row(23)
def test_nodes_of_another_architecture_only_leave_the_mesh_nowhere_to_run():
    found = problems(make_snapshot(nodes=make_pis(architecture="amd64")))
    assert any("no node that accepts pods is arm64" in problem for problem in found)


def test_a_node_of_another_architecture_is_told_alone():
    nodes = (*make_pis(2), make_node("pc", architecture="amd64"))
    told = [finding for finding in findings(make_snapshot(nodes=nodes)) if finding.id == "architecture"]
    assert [(finding.name, finding.level) for finding in told] == [
        ("pc", Level.WARNING),
        ("cluster.architecture", Level.OK),
    ]


def told(kubelet: str, native: bool | None = True) -> list[str]:
    proxy = {} if native is None else {"nativeSidecars": native}
    return [
        str(finding)
        for finding in check_kubelets(
            Observation(make_mesh(proxy=proxy), make_snapshot(nodes=(make_node(kubelet=kubelet),)))
        )
    ]


def test_a_kubelet_that_does_not_know_them_is_named():
    assert told("v1.28.4+k3s1") == [
        "node pi-1: has kubelet v1.28.4+k3s1, which does not know native sidecars (proxy.nativeSidecars): no pod "
        "would start; upgrade it to 1.29 or newer, or remove proxy.nativeSidecars"
    ]


@pytest.mark.parametrize("kubelet", ["v1.29.0", "v1.36.3+k3s1", ""])
def test_a_kubelet_that_knows_them_or_says_nothing_is_fine(kubelet):
    assert told(kubelet) == []


@pytest.mark.parametrize("native", [False, None])
def test_without_them_every_kubelet_is_fine(native):
    assert told("v1.27.0", native) == []
