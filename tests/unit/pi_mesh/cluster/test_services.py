"""The addresses and ports of a gateway's Service, as the stack's outputs have them."""

import pytest

from pi_mesh.cluster import services
from pi_mesh.cluster.client import Forbidden
from pi_mesh.cluster.services import Endpoint, ServicePort
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
        monkeypatch.setattr(services, "Client", FakeClient({path: item, "/api/v1/nodes": listed}))
        return services.read_exposure("test", "istio-system", "istio-ingressgateway")

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


SLICES = "/apis/discovery.k8s.io/v1/namespaces/trading/endpointslices"
POD = {"kind": "Pod", "name": "app-0"}


def port(**entry: object) -> ServicePort:
    (found,) = services.service_ports({"spec": {"ports": [{"port": 80, **entry}]}})
    return found


@pytest.mark.parametrize(
    ("entry", "protocol", "is_http"),
    [
        ({}, "", True),
        ({"name": "http"}, "http", True),
        ({"name": "http-web"}, "http", True),
        ({"name": "tcp-feed"}, "tcp", False),
        ({"name": "web", "appProtocol": "TCP"}, "tcp", False),
        ({"name": "https"}, "https", False),
    ],
    ids=str,
)
def test_a_ports_protocol_is_that_of_the_field_or_the_name(entry, protocol, is_http):
    assert (port(**entry).protocol, port(**entry).is_http) == (protocol, is_http)


def test_ports_of_other_transports_are_left_out():
    assert services.service_ports({"spec": {"ports": [{"port": 53, "protocol": "UDP"}]}}) == ()


def test_each_endpoint_has_the_pods_own_port_and_its_readiness():
    entries = [
        {"addresses": ["10.0.0.2"], "targetRef": POD},
        {"addresses": ["10.0.0.3"], "conditions": {"ready": False}, "targetRef": POD},
        {"addresses": ["192.0.2.1"], "conditions": {"ready": True}, "targetRef": {"kind": "Node", "name": "pi-1"}},
    ]
    ports = [{"name": "http", "port": 8080}, {"name": "metrics", "port": 9000}]
    client = FakeClient({SLICES: {"items": [{"ports": ports, "endpoints": entries}, {"ports": None}]}})
    found = services.read_endpoints(client, "trading", "app", ServicePort(80, "http"))
    assert found == (
        Endpoint("10.0.0.2", 8080, True, "app-0"),
        Endpoint("10.0.0.3", 8080, False, "app-0"),
        Endpoint("192.0.2.1", 8080, True, ""),
    )


def test_a_slice_without_numbers_has_the_services_own_port():
    item = {"ports": [{"name": ""}], "endpoints": [{"addresses": ["192.0.2.1"]}]}
    client = FakeClient({SLICES: {"items": [item]}})
    assert services.read_endpoints(client, "trading", "app", ServicePort(80)) == (Endpoint("192.0.2.1", 80),)
