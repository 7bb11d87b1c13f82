"""The refusal of a listener on a port that no Service of the ingress gateway has."""

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.traffic.listeners import check
from pi_mesh.cluster.objects import Service
from tests.support.factories import make_settings
from tests.support.snapshots import make_snapshot

WITH_8080 = [{"name": "status-port", "port": 15021}, {"name": "http", "port": 80}, {"name": "more", "port": 8080}]


def found(snapshot=None, ingress: dict | None = None, **listener: object) -> list[Finding]:
    settings = make_settings(traffic={"gateways": {"g": listener}}, ingress=ingress or {})
    return [*check(settings, snapshot)]


def test_a_port_that_the_service_does_not_have_is_an_error():
    (finding,) = found(port=8080)
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "traffic.gateways.g.port")
    assert finding.fix.startswith("use one of 80, 443, or add the port to ingress.values.service.ports")


def test_the_port_of_https_is_judged_too():
    (finding,) = found(tls={"secret": "certificate", "port": 8443})
    assert str(finding.subject) == "traffic.gateways.g.tls.port"


def test_the_usual_ports_are_fine():
    assert found(tls={"secret": "certificate"}) == []


def test_a_port_of_the_extra_values_is_fine_and_one_that_they_drop_is_not():
    more = {"values": {"service": {"ports": WITH_8080}}}
    assert found(ingress=more, port=8080) == []
    assert [str(one.subject) for one in found(ingress=more, tls={"secret": "a"})] == ["traffic.gateways.g.tls.port"]


def test_another_service_that_leads_to_the_gateway_counts_with_its_ports():
    own = Service("istio-system", "front", ports=(8080,), selector={"istio": "ingressgateway"})
    elsewhere = Service("shop", "front", ports=(8080,), selector={"istio": "ingressgateway"})
    assert found(make_snapshot(services=(own,)), port=8080) == []
    assert len(found(make_snapshot(services=(elsewhere,)), port=8080)) == 1
    assert found(make_snapshot(services=(elsewhere,)), {"namespace": "shop"}, port=8080) == []
