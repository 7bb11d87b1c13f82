"""The refusal of a listener on a port that no Service of the ingress gateway has, or on which it may not listen."""

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.traffic.listeners import check_client_addresses, check_ports, check_shared_ports
from pi_mesh.cluster.objects import Service
from tests.support.factories import make_settings
from tests.support.snapshots import make_snapshot
from tests.support.traffic_problems import of_settings

WITH_8080 = [{"name": "status-port", "port": 15021}, {"name": "http", "port": 80}, {"name": "more", "port": 8080}]
LISTED = {"values": {"service": {"ports": WITH_8080}}}
SYSCTL = "net.ipv4.ip_unprivileged_port_start"


def found(snapshot=None, ingress: dict | None = None, **listener: object) -> list[Finding]:
    settings = make_settings(traffic={"gateways": {"g": listener}}, ingress=ingress or {})
    return [*check_ports(of_settings(settings, snapshot))]


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


HOME, OFFICE = ["192.168.0.0/16"], ["192.0.2.7"]
A, B = {"hosts": ["a.example"]}, {"hosts": ["b.example"]}


def tls(secret: str = "certificate", **more: object) -> dict:
    return {"protocol": "HTTPS", "tls": {"secret": secret, **more}}


def found_of_shared_ports(**listeners: dict) -> list[Finding]:
    return list(check_shared_ports(of_settings(make_settings(traffic={"gateways": listeners}), None)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({"port": 8080}, {"protocol": "GRPC", "port": 8080}),
        ({**A, **tls()}, {**B, **tls("other")}),
        ({**A, **tls()}, {**B, "protocol": "TLS"}),
        ({"protocol": "TCP", "port": 9000}, {"protocol": "TCP", "port": 9001}),
    ],
    ids=["http by host", "http and grpc", "https by host", "https and tls by host", "tcp on two ports"],
)
def test_listeners_that_istio_can_tell_apart_share_a_port(first, second):
    assert found_of_shared_ports(g=first, h=second) == []


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ({}, {"protocol": "TCP", "port": 80}, "is 80, which g (HTTP) and h (TCP) cannot share"),
        (
            {"protocol": "TCP", "port": 9},
            {"protocol": "TCP", "port": 9},
            "is 9, which g (TCP) and h (TCP) cannot share",
        ),
        ({"port": 443}, {**A, "protocol": "TLS"}, "is 443, which g (HTTP) and h (TLS) cannot share"),
        ({**A, **tls()}, {**A, "protocol": "TLS"}, "on which g (HTTPS) and h (TLS) both have host a.example"),
    ],
    ids=["http and tcp", "tcp twice", "http and tls", "https and tls for one host"],
)
def test_listeners_of_which_istio_serves_one_alone_are_refused(first, second, said):
    (finding,) = found_of_shared_ports(g=first, h=second)
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "traffic.gateways.h.port")
    assert said in finding.message


@pytest.mark.parametrize(
    ("first", "second"),
    [({"port": 8443}, {"tls": {"secret": "a", "port": 8443}}), (tls("a"), tls("b"))],
    ids=["http and https", "https for one host"],
)
def test_what_running_stacks_may_have_is_a_warning_for_one_version(first, second):
    (finding,) = found_of_shared_ports(g=first, h=second)
    assert finding.level is Level.WARNING
    assert "0.3.0 refuses it" in finding.message


@pytest.mark.parametrize("host", ["*", "*.example"])
def test_a_list_of_addresses_needs_hosts_where_others_share_its_port(host):
    (finding,) = found_of_shared_ports(g={"allowAddresses": HOME, "hosts": [host]}, h=B)
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "traffic.gateways.g.allowAddresses")
    assert f"has host {host} on port 80, which it shares with h" in finding.message


@pytest.mark.parametrize(
    "listeners",
    [
        {"g": {**A, "allowAddresses": HOME}, "h": {}},
        {"g": {"allowAddresses": HOME}, "h": {"allowAddresses": HOME}},
        {"g": {"allowAddresses": HOME}, "h": {"port": 8080, "allowAddresses": OFFICE}},
        {"g": {"hosts": ["*.a.example"], "allowAddresses": HOME, **tls()}, "h": {**B, **tls("other")}},
    ],
    ids=["a named host", "equal lists", "other ports", "a domain by its server name"],
)
def test_lists_that_rules_can_tell_apart_are_fine(listeners):
    assert found_of_shared_ports(**listeners) == []


def test_two_issuers_do_not_write_one_secret():
    one, other = ({"secret": "shop", "port": port, "issuer": {"name": name}} for port, name in ((443, "a"), (444, "b")))
    (finding,) = found_of_shared_ports(g={**A, "tls": one}, h={**B, "tls": other})
    assert finding.message.startswith("name different issuers for Secret shop")


HOME_OF_CLIENT_ADDRESSES = {"allowAddresses": ["192.168.0.0/16"]}
FEED = {**HOME_OF_CLIENT_ADDRESSES, "protocol": "TCP", "port": 9000}
LOCAL, RANGES = {"externalTrafficPolicy": "Local"}, {"sourceRanges": ["192.0.2.0/24"]}


def found_of_client_addresses(listener: dict, istio: dict | None = None, **ingress: object) -> list[Finding]:
    settings = make_settings(istio=istio or {}, ingress=ingress, traffic={"gateways": {"g": listener}})
    return list(check_client_addresses(of_settings(settings, None)))


@pytest.mark.parametrize("type", ["auto", "LoadBalancer", "NodePort"])
@pytest.mark.parametrize("listener", [HOME_OF_CLIENT_ADDRESSES, FEED], ids=["HTTP", "TCP"])
def test_a_list_is_refused_where_kubernetes_hides_the_addresses(type, listener):
    (finding,) = found_of_client_addresses(listener, service={"type": type})
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
    (finding,) = found_of_client_addresses(HOME_OF_CLIENT_ADDRESSES, **ingress)
    assert (finding.level, finding.message) == (Level.OK, f"sees the clients' {source}")


def test_trusted_proxies_say_nothing_of_a_tcp_connection():
    (finding, *_) = found_of_client_addresses(FEED, trustedProxies=1, service=RANGES)
    assert finding.level is Level.ERROR
    assert "TCP has no X-Forwarded-For" in finding.message


@pytest.mark.parametrize(
    ("ingress", "key"),
    [({"trustedProxies": 2}, "ingress.trustedProxies"), ({"proxyProtocol": True}, "ingress.proxyProtocol")],
)
def test_a_proxy_that_anybody_can_go_past_is_named(ingress, key):
    _, finding = found_of_client_addresses(HOME_OF_CLIENT_ADDRESSES, **ingress)
    assert (finding.level, str(finding.subject)) == (Level.WARNING, key)
    assert found_of_client_addresses(HOME_OF_CLIENT_ADDRESSES, **ingress, service=RANGES)[1:] == []


def test_a_topology_of_the_extra_values_counts():
    mesh_config = {"defaultConfig": {"gatewayTopology": {"numTrustedProxies": 1}}}
    (finding,) = found_of_client_addresses(
        HOME_OF_CLIENT_ADDRESSES, istio={"values": {"meshConfig": mesh_config}}, service=RANGES
    )
    assert finding.level is Level.OK


def test_without_a_list_nothing_is_said():
    assert found_of_client_addresses({}, trustedProxies=1) == []


@pytest.mark.parametrize(
    ("listener", "more", "ends"),
    [
        (
            FEED,
            {"trustedProxies": 1},
            "hides their addresses (trustedProxies does not help: TCP has no X-Forwarded-For)",
        ),
        (FEED, {}, "hides their addresses"),
        (HOME_OF_CLIENT_ADDRESSES, {}, "hides their addresses"),
    ],
)
def test_where_proxies_are_trusted_a_stream_is_told_to_have_no_header(listener, more, ends):
    assert found_of_client_addresses(listener, service={"type": "NodePort"}, **more)[0].message.endswith(ends)


@pytest.mark.parametrize("listener", [{}, HOME_OF_CLIENT_ADDRESSES], ids=["no list", "a list"])
def test_a_gateway_that_is_switched_off_has_no_clients(listener):
    assert found_of_client_addresses(listener, enabled=False) == []
