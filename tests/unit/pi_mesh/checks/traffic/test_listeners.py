"""The refusal of a listener on a port that no Service of the ingress gateway has, or on which it may not listen."""

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.traffic.listeners import check
from pi_mesh.cluster.objects import Service
from tests.support.factories import make_settings
from tests.support.snapshots import make_snapshot

WITH_8080 = [{"name": "status-port", "port": 15021}, {"name": "http", "port": 80}, {"name": "more", "port": 8080}]
LISTED = {"values": {"service": {"ports": WITH_8080}}}
SYSCTL = "net.ipv4.ip_unprivileged_port_start"


def found(snapshot=None, ingress: dict | None = None, **listener: object) -> list[Finding]:
    settings = make_settings(traffic={"gateways": {"g": listener}}, ingress=ingress or {})
    return [*check(settings, snapshot)]


@pytest.mark.parametrize("listener", [{}, {"port": 8080}, {"tls": {"secret": "certificate", "port": 8443}}], ids=str)
def test_the_service_follows_the_listeners(listener):
    assert found(**listener) == []


def test_a_port_that_the_extra_values_list_is_fine_and_one_that_they_lack_is_an_error():
    assert found(ingress=LISTED, port=8080) == []
    (finding,) = found(ingress=LISTED, port=9000)
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "traffic.gateways.g.port")
    assert finding.fix.startswith("use one of 80, 8080, or add the port to ingress.values.service.ports")


def test_the_port_of_https_is_judged_too():
    assert [str(one.subject) for one in found(ingress=LISTED, tls={"secret": "a"})] == ["traffic.gateways.g.tls.port"]


@pytest.mark.parametrize("also", [{}, {"app": "istio-ingressgateway"}], ids=["one label", "all labels"])
def test_another_service_that_leads_to_the_gateway_counts_with_its_ports(also):
    own = Service("istio-system", "front", ports=(9000,), selector={"istio": "ingressgateway", **also})
    elsewhere = Service("shop", "front", ports=(9000,), selector={"istio": "ingressgateway"})
    assert found(make_snapshot(services=(own,)), LISTED, port=9000) == []
    assert len(found(make_snapshot(services=(elsewhere,)), LISTED, port=9000)) == 1
    assert found(make_snapshot(services=(elsewhere,)), {**LISTED, "namespace": "shop"}, port=9000) == []


@pytest.mark.parametrize("pod", [{"fsGroup": 1337}, {"sysctls": [{"name": SYSCTL, "value": "1024"}]}], ids=str)
def test_a_low_port_is_named_where_the_extra_values_take_the_right_to_it_away(pod):
    (finding,) = found(ingress={"values": {"securityContext": pod}})
    assert (finding.level, str(finding.subject)) == (Level.WARNING, "traffic.gateways.g.port")
    assert "listens from 1024 on" in finding.message
    assert found(ingress={"values": {"securityContext": pod}}, port=8080) == []


@pytest.mark.parametrize(
    "values",
    [
        {"securityContext": {"sysctls": [{"name": SYSCTL, "value": "0"}]}},
        {"securityContext": {"sysctls": [{"name": SYSCTL, "value": "80"}]}},
        {"securityContext": {"fsGroup": 1337}, "containerSecurityContext": {"runAsUser": 0}},
        {"containerSecurityContext": {"runAsUser": 1337}},
    ],
    ids=["sysctl", "sysctl of the port", "root", "the chart's own"],
)
def test_a_gateway_that_may_listen_on_low_ports_is_fine(values):
    assert found(ingress={"values": values}) == []
