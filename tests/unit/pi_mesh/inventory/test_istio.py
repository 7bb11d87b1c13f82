"""The ingress gateway's own namespace: what is of the gateway follows it there, and nothing else does."""

from pi_mesh.inventory import Inventory, Kind
from tests.support.factories import make_mesh
from tests.support.snapshots import make_pod

EDGE = {"ingress": {"namespace": "edge"}}


def placed(mesh: Inventory) -> dict[str, str]:
    return {release.setting: release.namespace for release in mesh.releases}


def test_the_ingress_gateway_alone_has_its_own_namespace():
    assert placed(make_mesh(**EDGE)) == {
        "base": "istio-system",
        "istio": "istio-system",
        "ingress": "edge",
        "egress": "istio-system",
    }
    assert set(placed(make_mesh()).values()) == {"istio-system"}


def test_the_namespace_is_made_for_it_and_asks_for_no_injection():
    names = {item.component: item.manifest for item in make_mesh(**EDGE).namespaces}
    assert names["ingress"]["metadata"]["labels"] == {}
    assert "ingress" not in {item.component for item in make_mesh().namespaces}
    assert "ingress" not in {item.component for item in make_mesh(ingress={"namespace": "istio-system"}).namespaces}
    assert "ingress" not in {
        item.component for item in make_mesh(ingress={"namespace": "edge", "enabled": False}).namespaces
    }


def test_its_release_and_its_pods_are_known_there_and_nowhere_else():
    mesh, labels = make_mesh(**EDGE), {"app": "istio-ingressgateway"}
    assert mesh.owns("edge/istio-ingressgateway")
    assert not mesh.owns("istio-system/istio-ingressgateway")
    there, elsewhere = (make_pod(namespace=name, labels=labels) for name in ("edge", "istio-system"))
    assert mesh.has_pod(there.namespace, there.labels)
    assert not mesh.has_pod(elsewhere.namespace, elsewhere.labels)


def test_the_default_deny_lets_it_in_by_its_identity_there():
    mesh = make_mesh(**EDGE, traffic={"authorization": {"defaultDeny": {"enabled": True}}})
    allows = next(item.manifest for item in mesh.objects if item.name == "allow-ingress-gateway")
    assert "cluster.local/ns/edge/sa/istio-ingressgateway" in str(allows)


def test_istio_keeps_its_root_namespace():
    values = make_mesh(**EDGE).the(Kind.ISTIOD).values
    assert values["global"]["istioNamespace"] == "istio-system"
