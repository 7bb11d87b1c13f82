"""The refusal of a listener on a port that no Service of the ingress gateway has, or on which it may not listen."""

from pi_mesh.checks.finding import NEXT
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.traffic.listeners import check_client_addresses, check_ports, check_shared_ports
from pi_mesh.cluster.objects import Service
from tests.support.factories import make_settings
from tests.support.findings import assert_lines, case, table
from tests.support.snapshots import make_snapshot
from tests.support.traffic_problems import of_settings

WITH_8080 = [{"name": "status-port", "port": 15021}, {"name": "http", "port": 80}, {"name": "more", "port": 8080}]
LISTED = {"values": {"service": {"ports": WITH_8080}}}
HOME, OFFICE = {"allowAddresses": ["192.168.0.0/16"]}, {"allowAddresses": ["192.0.2.7"]}
BY_ADDRESS = {"limits": [{"requests": 1, "per": "1s", "byAddress": True}]}
A, B = {"hosts": ["a.example"]}, {"hosts": ["b.example"]}
TLS = {"protocol": "TLS"}


def listeners(snapshot=None, ingress: dict | None = None, istio: dict | None = None, **by_name: dict) -> Observation:
    settings = make_settings(traffic={"gateways": by_name}, ingress=ingress or {}, istio=istio or {})
    return of_settings(settings, snapshot)


def front(namespace: str = "istio-system", **selector: str):
    chosen = {"istio": "ingressgateway", **selector}
    return make_snapshot(services=(Service(namespace, "front", ports=(9000,), selector=chosen),))


def secured(pod: dict | None = None, container: dict | None = None) -> dict:
    return {"values": {"securityContext": pod or {}, "containerSecurityContext": container or {}}}


def sysctl(value: str) -> dict:
    return secured({"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": value}]})


LACKS, LOW = "ERROR traffic.gateways.g.port: ", "WARNING traffic.gateways.g.port: …listens from 1024 on"
NO_GROUP = secured({"fsGroup": 1337})


@table(
    case("the Service follows the listeners", None, {}, {}, ""),
    case("with another port", None, {}, {"port": 8080}, ""),
    case("with a port for TLS", None, {}, {"tls": {"secret": "certificate", "port": 8443}}, ""),
    case("a listed port", None, LISTED, {"port": 8080}, ""),
    case("a port that is not", None, LISTED, {"port": 9000}, f"{LACKS}…use one of 80, 8080, or add the port to"),
    case("HTTPS' port too", None, LISTED, {"tls": {"secret": "a"}}, "ERROR traffic.gateways.g.tls.port: "),
    case("another Service of the gateway", front(), LISTED, {"port": 9000}, ""),
    case("by all labels", front(app="istio-ingressgateway"), LISTED, {"port": 9000}, ""),
    case("one elsewhere", front("shop"), LISTED, {"port": 9000}, LACKS),
    case("a gateway elsewhere", front("shop"), {**LISTED, "namespace": "shop"}, {"port": 9000}, ""),
    case("no right to a low port", None, NO_GROUP, {}, LOW),
    case("a sysctl that takes it", None, sysctl("1024"), {}, LOW),
    case("a high port", None, NO_GROUP, {"port": 8080}, ""),
    case("a high port and the sysctl", None, sysctl("1024"), {"port": 8080}, ""),
    case("a sysctl", None, sysctl("0"), {}, ""),
    case("a sysctl of the port", None, sysctl("80"), {}, ""),
    case("root", None, secured({"fsGroup": 1337}, {"runAsUser": 0}), {}, ""),
    case("the chart's own", None, {"values": {"containerSecurityContext": {"runAsUser": 1337}}}, {}, ""),
)
def test_a_listener_needs_a_port_of_a_service_and_the_right_to_it(snapshot, ingress, listener, line):
    assert_lines(check_ports(listeners(snapshot, ingress, g=listener)), line)


def https(secret: str = "certificate", **more: object) -> dict:
    return {"protocol": "HTTPS", "tls": {"secret": secret, **more}}


def tcp(port: int) -> dict:
    return {"protocol": "TCP", "port": port}


def issued(port: int, issuer: str) -> dict:
    return {"tls": {"secret": "shop", "port": port, "issuer": {"name": issuer}}}


SHARED, ADDRESSES = "ERROR traffic.gateways.h.port: ", "ERROR traffic.gateways.g.allowAddresses: "
ONE_VERSION = f"WARNING …{NEXT} refuses it"
ISSUERS = "name different issuers for Secret shop"
FEED = {**HOME, **tcp(9000)}
LOCAL, RANGES = {"externalTrafficPolicy": "Local"}, {"sourceRanges": ["192.0.2.0/24"]}
BY_SERVICE = {"service": RANGES}
HIDDEN = f"{ADDRESSES}…hides their addresses; set ingress.service.externalTrafficPolicy: Local$"
NO_HEADER = f"{ADDRESSES}…hides their addresses (trustedProxies does not help: TCP has no X-Forwarded-For)"
TRUSTED = "OK sees the clients' addresses by X-Forwarded-For$"
BY_PROXY = "OK sees the clients' addresses by the PROXY protocol$"


@table(
    case("http by host", {}, {}, ""),
    case("http and grpc", {"port": 8080}, {"protocol": "GRPC", "port": 8080}, ""),
    case("https by host", {**A, **https()}, {**B, **https("other")}, ""),
    case("https and tls by host", {**A, **https()}, {**B, **TLS}, ""),
    case("tcp on two ports", tcp(9000), tcp(9001), ""),
    case("http and tcp", {}, tcp(80), f"{SHARED}…is 80, which g (HTTP) and h (TCP) cannot share"),
    case("tcp twice", tcp(9), tcp(9), f"{SHARED}…is 9, which g (TCP) and h (TCP) cannot share"),
    case("http and tls", {"port": 443}, {**A, **TLS}, f"{SHARED}…is 443, which g (HTTP) and h (TLS) cannot share"),
    case("https and tls", {**A, **https()}, {**A, **TLS}, f"{SHARED}…g (HTTPS) and h (TLS) both have host a"),
    case("http and https", {"port": 8443}, {"tls": {"secret": "a", "port": 8443}}, ONE_VERSION),
    case("https for one host", https("a"), https("b"), ONE_VERSION),
    case("a list of all hosts", {**HOME, "hosts": ["*"]}, B, f"{ADDRESSES}…has host * on port 80, which…with h"),
    case("of a domain", {**HOME, "hosts": ["*.example"]}, B, f"{ADDRESSES}…has host *.example on port 80"),
    case("of a named host", {**A, **HOME}, {}, ""),
    case("equal lists", HOME, HOME, ""),
    case("lists on other ports", HOME, {"port": 8080, **OFFICE}, ""),
    case("of a domain by its server name", {"hosts": ["*.a.example"], **HOME, **https()}, {**B, **https("other")}, ""),
    case("issuers of one secret", {**A, **issued(443, "a")}, {**B, **issued(444, "b")}, f"ERROR : {ISSUERS}"),
)
def test_listeners_of_one_port_must_be_told_apart(first, second, line):
    assert_lines(check_shared_ports(listeners(g=first, h=second)), line)


@table(
    *[
        case(f"{name} behind {type}", listener, {"service": {"type": type}}, HIDDEN)
        for type in ("auto", "LoadBalancer", "NodePort")
        for name, listener in (("HTTP", HOME), ("TCP", FEED))
    ],
    case("Local", HOME, {"service": LOCAL}, "OK sees the clients' own addresses$"),
    case("inside", HOME, {"service": {"type": "ClusterIP"}}, "OK sees the clients' own addresses$"),
    case("Local by extra values", HOME, {"values": {"service": LOCAL}}, "OK sees the clients' own addresses$"),
    case("trusted proxies", HOME, {"trustedProxies": 1, **BY_SERVICE}, TRUSTED),
    case("the PROXY protocol$", HOME, {"proxyProtocol": True, **BY_SERVICE}, BY_PROXY),
    case("proxies that clients pass", HOME, {"trustedProxies": 2}, f"{TRUSTED}\nWARNING ingress.trustedProxies:"),
    case("so for PROXY", HOME, {"proxyProtocol": True}, f"{BY_PROXY}\nWARNING ingress.proxyProtocol:"),
    case("TCP has no header", FEED, {"trustedProxies": 1, **BY_SERVICE}, NO_HEADER),
    case("a limit by address", BY_ADDRESS, {}, "ERROR traffic.gateways.g.limits: cannot tell clients apart"),
    case("a limit of all together", {"limits": [{"requests": 1, "per": "1s"}]}, {}, ""),
    case("without a list", {}, {"trustedProxies": 1}, ""),
    case("switched off without a list", {}, {"enabled": False}, ""),
    case("switched off", HOME, {"enabled": False}, ""),
)
def test_a_list_of_addresses_works_where_the_gateway_sees_them(listener, ingress, lines):
    assert_lines(check_client_addresses(listeners(ingress=ingress, g=listener)), lines)


def test_a_topology_of_the_extra_values_counts():
    topology = {"defaultConfig": {"gatewayTopology": {"numTrustedProxies": 1}}}
    observed = listeners(ingress=BY_SERVICE, istio={"values": {"meshConfig": topology}}, g=HOME)
    assert_lines(check_client_addresses(observed), TRUSTED)
