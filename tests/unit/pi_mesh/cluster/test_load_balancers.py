"""k3s' servicelb: the clusters that it serves, and the nodes where its ports are free; where a gateway is reached."""

from dataclasses import replace

from pi_mesh.cluster import load_balancers
from pi_mesh.cluster.client import Forbidden
from pi_mesh.cluster.pods import Pod
from tests.support.clusters import snapshot_of
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table
from tests.support.snapshots import make_node, make_pis, make_pod

OURS = "istio-system/istio-ingressgateway"
PORTS = (80, 443, 15021)
LABEL = load_balancers.SERVICELB_LABELS[0]
CHOSEN = [make_node("pi-1", labels={f"{LABEL}/enablelb": "true"}), make_node("pi-2")]
CHOSEN += [make_node("pi-3", labels={f"{LABEL}/enablelb": "false"})]
NEEDED = "k3s servicelb needs ports 80, 443 and 15021 free on a node, and on every node"


def of_servicelb(service: str, node: int, *ports: int) -> Pod:
    namespace, _, name = service.partition("/")
    labels = {f"{LABEL}/svcname": name, f"{LABEL}/svcnamespace": namespace}
    return make_pod(f"svclb-{name}-{node}", node=f"pi-{node}", labels=labels, host_ports=ports)


TRAEFIK = [of_servicelb("kube-system/traefik", node, 80, 443) for node in (1, 2)]
NGINX = replace(make_pod("nginx-x", node="pi-3", host_ports=(80,)), owner="DaemonSet/nginx")


@table(
    ('["server"]', True),
    ('["server","--disable","traefik"]', True),
    ('["server","--servicelb-namespace","lb"]', True),
    ('["server","--disable","servicelb"]', False),
    ('["server","--disable=traefik,servicelb"]', False),
    ('["server","--disable-cloud-controller"]', False),
    ("--disable servicelb", False),
)
def test_servicelb_is_on_where_k3s_runs_and_was_not_told_otherwise(arguments, on):
    assert load_balancers.has_servicelb([make_node(kubelet="v1.32.3+k3s1", k3s_arguments=arguments)], []) is on
    assert load_balancers.has_servicelb(make_pis(), [make_pod()]) is False


@table(
    case("one node with the ports free is enough", make_pis(), TRAEFIK, ""),
    case("whoever holds the ports on every node is named", make_pis(), [*TRAEFIK, NGINX],
        f"{NEEDED} default/nginx holds port 80 and kube-system/traefik holds ports 80 and 443"),
    case("its own do not count", make_pis(), [of_servicelb(OURS, node, *PORTS) for node in (1, 2, 3)], ""),
    case("nodes chosen by label alone", CHOSEN, TRAEFIK[:1], f"{NEEDED} kube-system/traefik holds ports 80 and 443"),
    case("no node is Ready", [make_node(ready=False)], [], "no node that is Ready may run the pods of k3s servicelb"),
)  # fmt: skip
def test_servicelb_serves_where_its_pods_find_their_ports_free(nodes, holders, refusal):
    assert load_balancers.servicelb_refusal(nodes, holders, OURS, PORTS) == refusal


def test_ports_of_the_host_are_read_from_a_pod():
    assert {pod.host_ports for pod in snapshot_of("k3s").pods} == {(), (80, 443)}


SERVED_PORTS = [{"name": "http2", "port": 80, "nodePort": 31380}, {"name": "https", "port": 443, "nodePort": 31390}]
NODE_PORTS, OWN_PORTS = {"http2": 31380, "https": 31390}, {"http2": 80, "https": 443}


def listed_node(address: str, ready: str = "True") -> dict:
    kinds = (("Hostname", "pi"), ("InternalIP", address), ("InternalIP", "fd00::1"))
    conditions = [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": ready}]
    addresses = [{"type": kind, "address": value} for kind, value in kinds]
    return {"status": {"conditions": conditions, "addresses": addresses}}


NODES = {
    "items": [listed_node("192.168.1.11"), listed_node("192.168.1.12", ready="Unknown"), listed_node("192.168.1.13")]
}


@table(
    case("of the nodes that are ready", "NodePort", NODES, ["192.168.1.11", "192.168.1.13"], NODE_PORTS),
    case("ports alone without the right to nodes", "NodePort", Forbidden("no", "no"), None, NODE_PORTS),
    case("of the load balancer", "LoadBalancer", NODES, ["192.168.1.20", "pi.example"], OWN_PORTS),
    case("inside the cluster", "ClusterIP", NODES, ["10.96.0.7"], OWN_PORTS),
    case("a service that does not exist", None, NODES, None, None),
)
def test_a_service_is_exposed_at_the_addresses_of_its_type(monkeypatch, kind, nodes, addresses, ports):
    spec = {"type": kind, "clusterIP": "10.96.0.7", "ports": SERVED_PORTS}
    ingress = [{"ip": "192.168.1.20"}, {"hostname": "pi.example"}] if kind == "LoadBalancer" else []
    meta = {"namespace": "istio-system", "name": "istio-ingressgateway"}
    item = kind and {"metadata": meta, "spec": spec, "status": {"loadBalancer": {"ingress": ingress}}}
    path = "/api/v1/namespaces/istio-system/services/istio-ingressgateway"
    monkeypatch.setattr(load_balancers, "Client", FakeClient({path: item, "/api/v1/nodes": nodes}))
    known = {key: value for key, value in {"type": kind, "addresses": addresses, "ports": ports}.items() if value}
    assert load_balancers.read_exposure("test", "istio-system", "istio-ingressgateway") == known
