"""The preflight's findings about the number, the state, the architecture and the kubelets of nodes."""

import pytest

from pi_mesh.checks.preflight.nodes_ready import ARCHITECTURE, READY, check_kubelets, check_nodes
from tests.support.preflight_problems import observation, problems
from tests.support.snapshots import installed_mesh, make_node, make_pis, make_snapshot

TWO, THREE = make_pis(2), make_pis(3)
DOWN, CORDONED = make_node("pi-3", ready=False), make_node("pi-3", cordoned=True)
FEW = "2 nodes are Ready and schedulable, at least 3 needed: pi-1, pi-2"
COUNT, IS_DOWN, IS_CORDONED = "cluster.nodes", ("pi-3", "warning", "is not Ready"), ("pi-3", "warning", "is cordoned")
NODES = {
    "three": (THREE, {}, [(COUNT, "ok", "3 nodes are Ready and schedulable, at least 3 needed: pi-1, pi-2, pi-3")]),
    "two are too few": (TWO, {}, [(COUNT, "error", FEW)]),
    "one that is down does not count": ((*TWO, DOWN), {}, [IS_DOWN, (COUNT, "error", FEW)]),
    "one that is cordoned does not count": ((*TWO, CORDONED), {}, [IS_CORDONED, (COUNT, "error", FEW)]),
    "an installed mesh that misses one": (TWO, installed_mesh(), [(COUNT, "warning", FEW)]),
    "an installed mesh of which one is down": ((*TWO, DOWN), installed_mesh(), [IS_DOWN, (COUNT, "warning", FEW)]),
    "a fourth one that is down":
        ((*TWO, DOWN, make_node("pi-4")), {}, [IS_DOWN, (COUNT, "ok", "3 nodes are Ready and schedulable")]),
    "none": ((), {}, [(COUNT, "error", "0 nodes are Ready and schedulable, at least 3 needed: none")]),
}  # fmt: skip


@pytest.mark.parametrize(("nodes", "cluster", "expected"), NODES.values(), ids=NODES)
def test_nodes_that_take_pods_are_counted_and_the_others_named(nodes, cluster, expected):
    findings = check_nodes(observation(make_snapshot(nodes=nodes, **cluster)))
    findings = [finding for finding in findings if finding.id == READY]
    for finding, (name, level, message) in zip(findings, expected, strict=True):
        assert (finding.name, finding.level) == (name, level)
        assert finding.message.startswith(message)
    assert findings[-1].number == sum(node.ready and not node.cordoned for node in nodes)


@pytest.mark.row(23)
def test_a_32_bit_node_is_refused_by_name():
    (problem,) = problems(make_snapshot(nodes=(*THREE, make_node("pi-4", architecture="arm"))))
    assert problem.startswith("node pi-4: is arm: Istio has no images for it")


@pytest.mark.row(23)
def test_nodes_of_another_architecture_only_leave_the_mesh_nowhere_to_run():
    found = problems(make_snapshot(nodes=make_pis(architecture="amd64")))
    assert any("no node that accepts pods is arm64" in problem for problem in found)


def test_a_node_of_another_architecture_is_told_alone():
    findings = check_nodes(observation(make_snapshot(nodes=(*TWO, make_node("pc", architecture="amd64")))))
    told = [(finding.name, finding.level) for finding in findings if finding.id == ARCHITECTURE]
    assert told == [("pc", "warning"), ("cluster.architecture", "ok")]


OLD = (
    "node pi-1: has kubelet v1.28.4+k3s1, which does not know native sidecars (proxy.nativeSidecars): no pod would "
    "start; upgrade it to 1.29 or newer, or remove proxy.nativeSidecars"
)


@pytest.mark.parametrize(
    ("kubelet", "proxy", "expected"),
    [
        ("v1.28.4+k3s1", {"nativeSidecars": True}, [OLD]),
        ("v1.29.0", {"nativeSidecars": True}, []),
        ("", {"nativeSidecars": True}, []),
        ("v1.27.0", {"nativeSidecars": False}, []),
        ("v1.27.0", {}, []),
    ],
    ids=["too old", "new enough", "of no version", "without native sidecars", "by default"],
)
def test_native_sidecars_need_a_kubelet_that_knows_them(kubelet, proxy, expected):
    snapshot = make_snapshot(nodes=(make_node(kubelet=kubelet),))
    assert [str(finding) for finding in check_kubelets(observation(snapshot, proxy=proxy))] == expected
