"""k3s' servicelb: the clusters that it serves, and the nodes on which its pods find their ports free."""

from dataclasses import replace

import pytest

from pi_mesh.cluster import load_balancers
from pi_mesh.cluster.pods import Pod
from tests.support.clusters import snapshot_of
from tests.support.snapshots import make_node, make_pis, make_pod

OURS = "istio-system/istio-ingressgateway"
PORTS = (80, 443, 15021)


def of_servicelb(service: str, node: str, *ports: int) -> Pod:
    namespace, _, name = service.partition("/")
    labels = {
        f"{load_balancers.SERVICELB_LABELS[0]}/svcname": name,
        f"{load_balancers.SERVICELB_LABELS[0]}/svcnamespace": namespace,
    }
    return make_pod(f"svclb-{name}-{node}", node=node, labels=labels, host_ports=ports)


@pytest.mark.parametrize(
    ("arguments", "on"),
    [
        ('["server"]', True),
        ('["server","--disable","traefik"]', True),
        ('["server","--servicelb-namespace","lb"]', True),
        ('["server","--disable","servicelb"]', False),
        ('["server","--disable=traefik,servicelb"]', False),
        ('["server","--disable-cloud-controller"]', False),
        ("--disable servicelb", False),
    ],
)
def test_servicelb_is_on_unless_k3s_was_told_otherwise(arguments, on):
    nodes = [make_node(kubelet="v1.32.3+k3s1", k3s_arguments=arguments)]
    assert load_balancers.has_servicelb(nodes, []) is on


def test_a_cluster_without_k3s_has_none():
    assert not load_balancers.has_servicelb(make_pis(), [make_pod()])


def test_one_node_with_the_ports_free_is_enough():
    holders = [of_servicelb("kube-system/traefik", name, 80, 443) for name in ("pi-1", "pi-2")]
    assert load_balancers.servicelb_refusal(make_pis(), holders, OURS, PORTS) == ""


def test_whoever_holds_the_ports_on_every_node_is_named():
    holders = [of_servicelb("kube-system/traefik", name, 80, 443) for name in ("pi-1", "pi-2")]
    nginx = replace(make_pod("nginx-x", node="pi-3", host_ports=(80,)), owner="DaemonSet/nginx")
    said = load_balancers.servicelb_refusal(make_pis(), [*holders, nginx], OURS, PORTS)
    assert said == (
        "k3s servicelb needs ports 80, 443 and 15021 free on a node, and on every node default/nginx holds port 80 and "
        "kube-system/traefik holds ports 80 and 443"
    )


def test_the_pods_of_the_gateways_own_service_do_not_stand_in_its_way():
    own = [of_servicelb(OURS, f"pi-{number}", *PORTS) for number in (1, 2, 3)]
    assert load_balancers.servicelb_refusal(make_pis(), own, OURS, PORTS) == ""


def test_only_nodes_that_are_chosen_by_label_count_where_any_is():
    label = f"{load_balancers.SERVICELB_LABELS[0]}/enablelb"
    nodes = [make_node("pi-1", labels={label: "true"}), make_node("pi-2"), make_node("pi-3", labels={label: "false"})]
    held = [of_servicelb("kube-system/traefik", "pi-1", 80, 443)]
    assert "kube-system/traefik" in load_balancers.servicelb_refusal(nodes, held, OURS, PORTS)


def test_a_node_that_is_down_takes_no_pod():
    said = load_balancers.servicelb_refusal([make_node(ready=False)], [], OURS, PORTS)
    assert said == "no node that is Ready may run the pods of k3s servicelb"


def test_ports_of_the_host_are_read_from_a_pod():
    assert {pod.host_ports for pod in snapshot_of("k3s").pods} == {(), (80, 443)}
