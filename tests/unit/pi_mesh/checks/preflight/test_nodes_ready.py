"""The preflight's findings about the number, the state, the architecture and the kubelets of nodes."""

import pytest

from pi_mesh.checks.preflight.nodes_ready import check_kubelets, check_nodes
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import installed_mesh, make_node, make_pis, make_snapshot

TWO, THREE, PC = make_pis(2), make_pis(3), make_node("pc", architecture="amd64")
DOWN, CORDONED = make_node("pi-3", ready=False), make_node("pi-3", cordoned=True)
FEW = "cluster.nodes: 2 nodes are Ready and schedulable, at least 3 needed: pi-1, pi-2; bring the missing nodes …[2]"
IS_DOWN, IS_CORDONED = "warning node pi-3: is not Ready", "warning node pi-3: is cordoned"
ENOUGH = "ok cluster.nodes: 3 nodes are Ready and schedulable, at least 3 needed: "
AMD = "is amd64, cluster.architecture is arm64"
NOWHERE = "cluster.architecture: no node that accepts pods is arm64"
ARM = "ok cluster.architecture: arm64: "
NATIVE, KEY = {"nativeSidecars": True}, "proxy.nativeSidecars"
OLD = f"error node pi-1: has kubelet v1.28.4+k3s1, …({KEY}): no pod would start; upgrade it to 1.29 or newer"


@pytest.mark.row(23)
@table(
    case("three", THREE, {}, [f"{ENOUGH}pi-1, pi-2, pi-3 [3]", f"{ARM}pi-1, pi-2, pi-3"]),
    case("two are too few", TWO, {}, [f"error {FEW}", ARM]),
    case("one that is down does not count", (*TWO, DOWN), {}, [IS_DOWN, f"error {FEW}", f"{ARM}pi-1, pi-2"]),
    case("one that is cordoned does not count", (*TWO, CORDONED), {}, [IS_CORDONED, f"error {FEW}", ARM]),
    case("an installed mesh that misses one", TWO, installed_mesh(), [f"warning {FEW}", ARM]),
    case("an installed mesh of which one is down", (*TWO, DOWN), installed_mesh(), [IS_DOWN, f"warning {FEW}", ARM]),
    case("a fourth one that is down", (*TWO, DOWN, make_node("pi-4")), {}, [IS_DOWN, ENOUGH, ARM]),
    case("one of another architecture", (*TWO, PC), {},
        [ENOUGH, f"warning node pc: {AMD}", f"{ARM}pi-1, pi-2"]),
    case("one of 32 bits", (*THREE, make_node("pi-4", architecture="arm")), {},
        ["ok cluster.nodes: 4 nodes", "error node pi-4: is arm: Istio has no images for it", ARM]),
    case("none of the architecture", make_pis(architecture="amd64"), {},
        [ENOUGH, *(f"warning node pi-{number}: {AMD}" for number in (1, 2, 3)), f"error {NOWHERE}"]),
)  # fmt: skip
def test_nodes_that_take_pods_are_counted_and_the_others_named(nodes, cluster, lines):
    assert_told(check_nodes(observation(make_snapshot(nodes=nodes, **cluster))), *lines)


@table(
    case("too old", "v1.28.4+k3s1", NATIVE, [OLD]),
    case("new enough", "v1.29.0", NATIVE, []),
    case("of no version", "", NATIVE, []),
    case("without native sidecars", "v1.27.0", {"nativeSidecars": False}, []),
    case("by default", "v1.27.0", {}, []),
)
def test_native_sidecars_need_a_kubelet_that_knows_them(kubelet, proxy, lines):
    assert_told(check_kubelets(observation(make_snapshot(nodes=(make_node(kubelet=kubelet),)), proxy=proxy)), *lines)
