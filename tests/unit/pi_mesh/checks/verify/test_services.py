"""The verification's findings about the mesh's Services."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import services
from pi_mesh.cluster.objects import Service
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import in_cluster, make_verification

INGRESS = Service("istio-system", "istio-ingressgateway", "LoadBalancer", ports=(80, 443), addresses=("192.0.2.7",))


def judged(seen, *found: Service) -> dict[str, tuple[Level, str]]:
    """Return the level and message by Service, where the cluster has these instead of those of the same names."""
    names = {one.name for one in found}
    kept = tuple(one for one in seen.snapshot.services if one.name not in names)
    findings = services.check(in_cluster(seen, services=(*kept, *(one for one in found if one.type))))
    return {one.subject.name: (one.level, one.message) for one in findings}


def test_a_service_with_an_address_is_shown_with_its_ports(healthy):
    assert judged(healthy, INGRESS)["istio-system/istio-ingressgateway"] == (
        Level.OK,
        "is LoadBalancer at 192.0.2.7, ports 80, 443",
    )


def test_a_load_balancer_without_an_address_is_a_warning_with_the_key(healthy):
    waiting = replace(INGRESS, addresses=())
    level, message = judged(healthy, waiting)["istio-system/istio-ingressgateway"]
    assert (level, message) == (Level.WARNING, "waits for an address, but nothing in this cluster gives one")
    kept = tuple(one for one in healthy.snapshot.services if one.name != INGRESS.name)
    (finding,) = [one for one in services.check(in_cluster(healthy, services=(*kept, waiting))) if one.fix]
    assert finding.fix == "set ingress.service.type: NodePort, or install MetalLB"


@pytest.mark.parametrize("kind", ["NodePort", "ClusterIP"])
def test_another_type_needs_no_address(healthy, kind):
    found = replace(INGRESS, type=kind, addresses=())
    assert judged(healthy, found)["istio-system/istio-ingressgateway"] == (Level.OK, f"is {kind}, ports 80, 443")


def test_a_missing_service_is_an_error(healthy):
    level, message = judged(healthy, replace(INGRESS, type=""))["istio-system/istio-ingressgateway"]
    assert (level, message) == (Level.ERROR, "is gone")


@pytest.mark.parametrize(
    ("has", "level", "said"),
    [
        (("192.0.2.1",), Level.OK, "is LoadBalancer at 192.0.2.1, ports 80"),
        (("192.0.2.9",), Level.WARNING, "is at 192.0.2.9, and asks for 192.0.2.1"),
        ((), Level.WARNING, "waits for an address"),
    ],
    ids=["the one", "another one", "none"],
)
def test_a_gateway_has_the_address_that_it_asks_for(has, level, said):
    mesh = make_mesh(ingress={"service": {"type": "LoadBalancer", "address": "192.0.2.1"}})
    live = Service("istio-system", "istio-ingressgateway", "LoadBalancer", has, (80,))
    findings = services.check(in_cluster(make_verification(mesh), services=(live,)))
    (finding,) = (one for one in findings if one.name == "istio-system/istio-ingressgateway")
    assert (finding.level, finding.message[: len(said)]) == (level, said)


@pytest.mark.parametrize("has", [(), ("192.0.2.9",)])
def test_an_address_is_only_asked_of_a_load_balancer(has):
    mesh = make_mesh(ingress={"service": {"type": "LoadBalancer", "address": "192.0.2.1"}})
    live = Service("istio-system", "istio-ingressgateway", "NodePort", has, (80,))
    assert judged(make_verification(mesh), live)["istio-system/istio-ingressgateway"][0] is Level.OK


def test_several_addresses_and_ports_are_listed(healthy):
    both = replace(INGRESS, addresses=("192.0.2.7", "2001:db8::7"))
    _, message = judged(healthy, both)["istio-system/istio-ingressgateway"]
    assert message == "is LoadBalancer at 192.0.2.7, 2001:db8::7, ports 80, 443"
