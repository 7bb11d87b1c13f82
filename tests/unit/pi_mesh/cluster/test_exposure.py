"""The addresses and ports of a gateway's Service, as the stack's outputs have them."""

import pytest

from pi_mesh.cluster import exposure
from pi_mesh.cluster.client import Forbidden
from tests.support.fake_client import FakeClient

PORTS = [{"name": "http2", "port": 80, "nodePort": 31380}, {"name": "https", "port": 443, "nodePort": 31390}]


def service(kind: str, *ingress: dict[str, str]) -> dict:
    """Return a Service of this type with these entries of its load balancer."""
    spec = {"type": kind, "clusterIP": "10.96.0.7", "ports": PORTS}
    return {"spec": spec, "status": {"loadBalancer": {"ingress": list(ingress)}}}


def node(address: str, ready: str = "True", also: str = "fd00::1") -> dict:
    addresses = [("Hostname", "pi"), ("InternalIP", address), ("InternalIP", also)]
    return {
        "status": {
            "conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": ready}],
            "addresses": [{"type": kind, "address": value} for kind, value in addresses],
        }
    }


@pytest.fixture
def cluster(monkeypatch):
    """Return `cluster(service, nodes)`: the exposure of a Service; an exception in place of nodes is raised."""

    def has(item: dict | None, nodes: list[dict] | Exception) -> dict[str, object]:
        listed = nodes if isinstance(nodes, Exception) else {"items": nodes}
        path = "/api/v1/namespaces/istio-system/services/istio-ingressgateway"
        monkeypatch.setattr(exposure, "Client", FakeClient({path: item, "/api/v1/nodes": listed}))
        return exposure.read("test", "istio-system", "istio-ingressgateway")

    return has


def test_a_node_port_comes_with_the_addresses_of_the_nodes_that_are_ready(cluster):
    nodes = [node("192.168.1.11"), node("192.168.1.12", ready="Unknown"), node("192.168.1.13")]
    assert cluster(service("NodePort"), nodes) == {
        "type": "NodePort",
        "addresses": ["192.168.1.11", "192.168.1.13"],
        "ports": {"http2": 31380, "https": 31390},
    }


def test_a_user_who_may_not_list_nodes_gets_the_ports_alone(cluster):
    seen = cluster(service("NodePort"), Forbidden("no", "no"))
    assert seen == {"type": "NodePort", "ports": {"http2": 31380, "https": 31390}}


def test_a_load_balancer_comes_with_its_own_addresses(cluster):
    seen = cluster(service("LoadBalancer", {"ip": "192.168.1.20"}, {"hostname": "pi.example"}), [])
    assert (seen["addresses"], seen["ports"]) == (["192.168.1.20", "pi.example"], {"http2": 80, "https": 443})


def test_a_service_inside_the_cluster_comes_with_its_cluster_address(cluster):
    assert cluster(service("ClusterIP"), [])["addresses"] == ["10.96.0.7"]


def test_a_service_that_does_not_exist_has_no_exposure(cluster):
    assert cluster(None, []) == {}
