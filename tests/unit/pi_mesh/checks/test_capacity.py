"""The pods of the mesh that must still be scheduled, and the nodes that take them."""

from pi_mesh.checks.capacity import demand, placed
from pi_mesh.quantities import MI
from tests.support.factories import make_mesh
from tests.support.findings import case, table
from tests.support.snapshots import make_node, make_snapshot

OFF = {"ingress": {"enabled": False}, "egress": {"enabled": False}}
TAINT = "node-role.kubernetes.io/control-plane:NoSchedule"
MASTER, SSD = make_node("master", taints=(TAINT,)), make_node("ssd", labels={"disk": "ssd"})
CARD, AMD = make_node("card", memory=3600), make_node("amd", architecture="amd64")
TOLERATED = {"tolerations": [{"key": "node-role.kubernetes.io/control-plane"}]}
ON_SSD = {"nodeAffinity": [{"key": "disk", "values": ["ssd"]}]}


@table(
    case("any", {}, ["ssd", "card"]),
    case("a tolerated taint", TOLERATED, ["master", "ssd", "card"]),
    case("a label", ON_SSD, ["ssd"]),
    case("no label", {"nodeAffinity": [{"key": "disk", "operator": "DoesNotExist"}]}, ["card"]),
    case("a wish", {"nodeAffinity": [{"key": "disk", "values": ["ssd"], "required": False}]}, ["ssd", "card"]),
)
def test_the_mesh_may_run_on_the_nodes_that_its_scheduling_allows(scheduling, nodes):
    asked = demand(make_mesh(istio={"scheduling": scheduling}, **OFF), make_snapshot(nodes=(MASTER, SSD, CARD, AMD)))
    assert [node.name for node in asked.nodes] == nodes
    assert [pod.name for pod in asked.coming] == ["istiod"]


def test_a_pod_is_placed_on_the_emptiest_node_that_it_tolerates_and_stays_pending_without_one():
    mesh, nodes = make_mesh(istio={"scheduling": TOLERATED | ON_SSD}, **OFF), (MASTER, SSD, CARD)
    asked = demand(mesh, make_snapshot(nodes=nodes))
    left, pending = placed(asked.coming, nodes, asked.nodes)
    assert ([node.free.memory // MI for node in left], pending) == ([3700 - 128], [])
    assert placed(asked.coming, (MASTER, CARD), asked.nodes)[1] == [*asked.coming]


def test_each_release_has_its_own_scheduling():
    asked = demand(make_mesh(ingress={"scheduling": TOLERATED}), make_snapshot(nodes=(MASTER,)))
    _, pending = placed(asked.coming, (MASTER,), asked.nodes)
    assert [pod.name for pod in pending] == ["istiod", "istio-egressgateway"]
