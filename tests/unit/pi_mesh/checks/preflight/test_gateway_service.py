"""The preflight's findings about the settings of a gateway's Service."""

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.preflight.gateway_service import check
from pi_mesh.cluster.objects import Service
from tests.support.factories import make_mesh
from tests.support.snapshots import make_pis, make_snapshot

OWN = ("istio-system", "istio-ingressgateway")
CLASS = {"service": {"type": "LoadBalancer", "loadBalancerClass": "metallb.io/metallb"}}
HELD = {"service": {"nodePorts": {"https": 30443}}}
LOCAL = {"service": {"type": "NodePort", "externalTrafficPolicy": "Local"}}


def found(*services: Service, ingress: dict, balanced: bool = False, nodes: int = 3) -> list[Finding]:
    """Return what is said of the ingress gateway."""
    mesh = make_mesh(load_balancers=balanced, ingress=ingress)
    snapshot = make_snapshot(services=services, nodes=make_pis(nodes))
    return [one for one in check(mesh, snapshot) if one.name.startswith("ingress")]


def test_the_defaults_fit_every_cluster():
    assert [one.level for one in found(ingress={})] == [Level.OK]


def test_a_node_port_that_another_service_has_is_an_error_and_its_own_is_not():
    (finding,) = found(Service("kube-system", "traefik", node_ports=(30080, 30443)), ingress=HELD)
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "ingress.service.nodePorts.https")
    assert finding.message == "is 30443, which Service kube-system/traefik has"
    assert [one.level for one in found(Service(*OWN, node_ports=(30443,)), ingress=HELD)] == [Level.OK]


@pytest.mark.parametrize("has", ["", "tailscale"])
def test_another_class_of_a_load_balancer_is_an_error_because_kubernetes_refuses_it(has):
    live = Service(*OWN, "LoadBalancer", load_balancer_class=has)
    (finding,) = found(live, ingress=CLASS)
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "ingress.service.loadBalancerClass")
    assert f"the Service in the cluster has {has or 'none'}:" in finding.message


@pytest.mark.parametrize(
    "live",
    [(), (Service(*OWN, "NodePort"),), (Service(*OWN, "LoadBalancer", load_balancer_class="metallb.io/metallb"),)],
    ids=["none yet", "a node port", "the same class"],
)
def test_a_class_that_kubernetes_takes_is_fine(live):
    assert [one.level for one in found(*live, ingress=CLASS)] == [Level.OK]


def test_what_only_a_load_balancer_reads_is_named_where_auto_becomes_node_port():
    service = {"service": {"address": "192.0.2.1", "sourceRanges": ["192.0.2.0/24"]}}
    (finding,) = found(ingress=service)
    assert finding.level is Level.WARNING
    assert "has no use for address, sourceRanges" in finding.message
    assert [one.level for one in found(ingress=service, balanced=True)] == [Level.OK]


def test_local_node_ports_are_named_where_not_every_node_has_a_pod():
    (finding,) = found(ingress=LOCAL)
    assert finding.level is Level.WARNING
    assert finding.message == "is Local, and only 1 node of 3 can answer on the node ports"
    assert [one.level for one in found(ingress={**LOCAL, "replicas": 3})] == [Level.OK]
    assert [one.level for one in found(ingress=LOCAL, nodes=1)] == [Level.OK]
