"""The addresses and ports of a gateway's Service, as the stack's outputs have them; a Service's endpoints."""

from pi_mesh.cluster import services
from pi_mesh.cluster.client import Forbidden
from pi_mesh.cluster.services import Endpoint, ServicePort
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table

PORTS = [{"name": "http2", "port": 80, "nodePort": 31380}, {"name": "https", "port": 443, "nodePort": 31390}]
NODE_PORTS, OWN_PORTS = {"http2": 31380, "https": 31390}, {"http2": 80, "https": 443}
POD = {"kind": "Pod", "name": "app-0"}
ENDPOINTS = [
    {"addresses": ["10.0.0.2"], "targetRef": POD},
    {"addresses": ["10.0.0.3"], "conditions": {"ready": False}, "targetRef": POD},
    {"addresses": ["192.0.2.1"], "conditions": {"ready": True}, "targetRef": {"kind": "Node", "name": "pi-1"}},
]
NAMED = [{"name": "http", "port": 8080}, {"name": "metrics", "port": 9000}]
SERVING = (Endpoint("10.0.0.2", 8080, True, "app-0"), Endpoint("10.0.0.3", 8080, False, "app-0"))
READ = (*SERVING, Endpoint("192.0.2.1", 8080, True, ""))


def node(address: str, ready: str = "True") -> dict:
    kinds = (("Hostname", "pi"), ("InternalIP", address), ("InternalIP", "fd00::1"))
    conditions = [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": ready}]
    addresses = [{"type": kind, "address": value} for kind, value in kinds]
    return {"status": {"conditions": conditions, "addresses": addresses}}


NODES = {"items": [node("192.168.1.11"), node("192.168.1.12", ready="Unknown"), node("192.168.1.13")]}


@table(
    case("of the nodes that are ready", "NodePort", NODES, ["192.168.1.11", "192.168.1.13"], NODE_PORTS),
    case("ports alone without the right to nodes", "NodePort", Forbidden("no", "no"), None, NODE_PORTS),
    case("of the load balancer", "LoadBalancer", NODES, ["192.168.1.20", "pi.example"], OWN_PORTS),
    case("inside the cluster", "ClusterIP", NODES, ["10.96.0.7"], OWN_PORTS),
    case("a service that does not exist", None, NODES, None, None),
)
def test_a_service_is_exposed_at_the_addresses_of_its_type(monkeypatch, kind, nodes, addresses, ports):
    spec = {"type": kind, "clusterIP": "10.96.0.7", "ports": PORTS}
    ingress = [{"ip": "192.168.1.20"}, {"hostname": "pi.example"}] if kind == "LoadBalancer" else []
    meta = {"namespace": "istio-system", "name": "istio-ingressgateway"}
    item = kind and {"metadata": meta, "spec": spec, "status": {"loadBalancer": {"ingress": ingress}}}
    path = "/api/v1/namespaces/istio-system/services/istio-ingressgateway"
    monkeypatch.setattr(services, "Client", FakeClient({path: item, "/api/v1/nodes": nodes}))
    known = {key: value for key, value in {"type": kind, "addresses": addresses, "ports": ports}.items() if value}
    assert services.read_exposure("test", "istio-system", "istio-ingressgateway") == known


@table(
    ({}, "", True),
    ({"name": "http"}, "http", True),
    ({"name": "http-web"}, "http", True),
    ({"name": "tcp-feed"}, "tcp", False),
    ({"name": "web", "appProtocol": "TCP"}, "tcp", False),
    ({"name": "https"}, "https", False),
)
def test_a_ports_protocol_is_that_of_the_field_or_the_name(entry, protocol, is_http):
    (port,) = services.service_ports({"spec": {"ports": [{"port": 80, **entry}, {"port": 53, "protocol": "UDP"}]}})
    assert (port.protocol, port.is_http) == (protocol, is_http)


@table(
    case("each has the pod's own port", ServicePort(80, "http"), NAMED, ENDPOINTS, READ),
    case("a slice without numbers has the service's own port", ServicePort(80), [{"name": ""}],
        [{"addresses": ["192.0.2.1"]}], (Endpoint("192.0.2.1", 80),)),
)  # fmt: skip
def test_the_endpoints_of_a_service_are_read(port, ports, endpoints, read):
    slices = [{"ports": ports, "endpoints": endpoints}, {"ports": None}]
    client = FakeClient({"/apis/discovery.k8s.io/v1/namespaces/trading/endpointslices": {"items": slices}})
    assert services.read_endpoints(client, "trading", "app", port) == read
