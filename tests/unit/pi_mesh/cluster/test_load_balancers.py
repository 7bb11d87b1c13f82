"""k3s' servicelb: the clusters that it serves, and the nodes on which its pods find their ports free."""

from dataclasses import replace

from pi_mesh.cluster import load_balancers
from pi_mesh.cluster.pods import Pod
from tests.support.clusters import snapshot_of
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
