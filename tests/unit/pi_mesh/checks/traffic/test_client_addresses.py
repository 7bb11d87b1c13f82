"""A listener's list of addresses, where the gateway sees its clients' addresses and where it does not."""

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.traffic.client_addresses import check
from tests.support.factories import make_settings

HOME = {"allowAddresses": ["192.168.0.0/16"]}
FEED = {**HOME, "protocol": "TCP", "port": 9000}
LOCAL, RANGES = {"externalTrafficPolicy": "Local"}, {"sourceRanges": ["192.0.2.0/24"]}


def found(listener: dict, istio: dict | None = None, **ingress: object) -> list[Finding]:
    settings = make_settings(istio=istio or {}, ingress=ingress, traffic={"gateways": {"g": listener}})
    return list(check(settings, None))


@pytest.mark.parametrize("type", ["auto", "LoadBalancer", "NodePort"])
@pytest.mark.parametrize("listener", [HOME, FEED], ids=["HTTP", "TCP"])
def test_a_list_is_refused_where_kubernetes_hides_the_addresses(type, listener):
    (finding,) = found(listener, service={"type": type})
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "traffic.gateways.g.allowAddresses")
    assert finding.fix == "set ingress.service.externalTrafficPolicy: Local"


@pytest.mark.parametrize(
    ("ingress", "source"),
    [
        ({"service": LOCAL}, "own addresses"),
        ({"service": {"type": "ClusterIP"}}, "own addresses"),
        ({"values": {"service": LOCAL}}, "own addresses"),
        ({"trustedProxies": 1, "service": RANGES}, "addresses by X-Forwarded-For"),
        ({"proxyProtocol": True, "service": RANGES}, "addresses by the PROXY protocol"),
    ],
    ids=["Local", "inside", "Local by extra values", "trusted proxies", "PROXY protocol"],
)
def test_a_list_works_where_the_addresses_are_known(ingress, source):
    (finding,) = found(HOME, **ingress)
    assert (finding.level, finding.message) == (Level.OK, f"sees the clients' {source}")


def test_trusted_proxies_say_nothing_of_a_tcp_connection():
    (finding, *_) = found(FEED, trustedProxies=1, service=RANGES)
    assert finding.level is Level.ERROR
    assert "TCP has no X-Forwarded-For" in finding.message


@pytest.mark.parametrize(
    ("ingress", "key"),
    [({"trustedProxies": 2}, "ingress.trustedProxies"), ({"proxyProtocol": True}, "ingress.proxyProtocol")],
)
def test_a_proxy_that_anybody_can_go_past_is_named(ingress, key):
    _, finding = found(HOME, **ingress)
    assert (finding.level, str(finding.subject)) == (Level.WARNING, key)
    assert found(HOME, **ingress, service=RANGES)[1:] == []


def test_a_topology_of_the_extra_values_counts():
    mesh_config = {"defaultConfig": {"gatewayTopology": {"numTrustedProxies": 1}}}
    (finding,) = found(HOME, istio={"values": {"meshConfig": mesh_config}}, service=RANGES)
    assert finding.level is Level.OK


def test_without_a_list_nothing_is_said():
    assert found({}, trustedProxies=1) == []


@pytest.mark.parametrize(
    ("listener", "more", "ends"),
    [
        (
            FEED,
            {"trustedProxies": 1},
            "hides their addresses (trustedProxies does not help: TCP has no X-Forwarded-For)",
        ),
        (FEED, {}, "hides their addresses"),
        (HOME, {}, "hides their addresses"),
    ],
)
def test_where_proxies_are_trusted_a_stream_is_told_to_have_no_header(listener, more, ends):
    assert found(listener, service={"type": "NodePort"}, **more)[0].message.endswith(ends)


@pytest.mark.parametrize("listener", [{}, HOME], ids=["no list", "a list"])
def test_a_gateway_that_is_switched_off_has_no_clients(listener):
    assert found(listener, enabled=False) == []
