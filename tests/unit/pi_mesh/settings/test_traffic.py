"""The settings of traffic: refusals with the key's path, listeners with their ports, and retries."""

import pytest

from pi_mesh.settings.traffic.gateways import IngressListener, service_ports
from pi_mesh.settings.traffic.routes import HttpRoute, Retries, RouteTarget
from tests.support.factories import make_settings
from tests.support.findings import case, table
from tests.support.refusals import refusal
from tests.support.versions import OLDEST

A, B = {"service": "a"}, {"service": "b"}
CERTIFICATE = {"secret": "certificate"}
BOTH_NEWER = "tcpIdleTimeout and maxConcurrentStreams need Istio 1.21 or newer"
NEED_PLAIN_HTTP, OF_THE_PROXY = "tls.port and tls.redirect need plain HTTP", "is a port that Istio's proxy uses itself"
NAMED, MUTUAL = {**CERTIFICATE, "clientNames": ["desk"]}, {**CERTIFICATE, "mode": "MUTUAL"}
TEN = {"requests": 10, "per": "1m"}
DATABASE = {"hosts": ["a.example.com"], "protocol": "TCP", "port": 5432}
TWO, MORE = {"hosts": ["a.example", "b.example"]}, "maxConcurrentStreams 3 is above circuitBreaker.maxRequestsPer"


def route(**rules: list) -> dict:
    return {"routes": {"r": {"hosts": ["a"], **rules}}}


def http(*targets: dict, **rule: object) -> dict:
    return route(http=[{"to": [*targets], **rule}])


def token(**settings: object) -> dict:
    return {"authorization": {"tokens": {"t": {"issuer": "i", **settings}}}}


def policy(*rules: dict, **more: object) -> dict:
    return {"authorization": {"policies": {"p": {"rules": [*rules], **more}}}}


def custom(rule: dict, name: str = "oauth", action: str = "CUSTOM", **service: object) -> dict:
    """Return a policy that asks the authorizer `oauth`, and an authorizer of that or another name."""
    asked = policy(rule, action=action, authorizer="oauth")["authorization"]
    return {"authorization": {**asked, "authorizers": {name: {"service": "auth", "port": 80, **service}}}}


def destination(**settings: object) -> dict:
    return {"destinations": {"d": {**A, **settings}}}


def bounds(**connections: object) -> dict:
    return destination(connections=connections)


def listen(**settings: object) -> dict:
    return {"gateways": {"g": settings}}


def outside(*hosts: str, **settings: object) -> dict:
    return {"external": {"x": {"hosts": [*hosts], **settings}}}


def broker(changed: dict) -> dict:
    """Return a host that the egress gateway calls by TLS, with changes."""
    tls = {"protocol": "TCP", "port": 9898, "throughGateway": True, "tls": {"secret": "broker-client"}}
    return {"external": {"x": {"hosts": ["fix.broker.example"], **tls, **changed}}}


REFUSED = {
    "a field that is none": (listen(tlss={}), "traffic.gateways.g.tlss: is not a setting"),
    "a part that is none": ({"canary": {}}, "traffic.canary: is not a setting"),
    "weights below 100": (http({**A, "weight": 40}, B), "r.http[0]: weights 40 + 0 add up to 40; they must add"),
    "weights above 100": ({"canaries": {"c": {**A, "weights": {"v1": 90, "v2": 20}}}}, "c: weights 90 + 20 add up"),
    "weights of TCP connections": (route(tcp=[{**A, "weight": 60}, {**B, "weight": 30}]), "60 + 30 add up to 90"),
    "TLS connections to two without weights": (route(tls=[A, B]), "traffic.routes.r: weights 0 + 0 add up to 0"),
    "requests to two without weights": (http(A, B), "traffic.routes.r.http[0]: weights 0 + 0 add up to 0"),
    "the weight of a single destination": (http({**A, "weight": 0}), "traffic.routes.r.http[0]: weights 0 add up to 0"),
    "two sources of keys": (token(jwksUri="https://keys.example", jwks="{}"), "t: jwksUri and jwks are both set"),
    "a private key among public ones": (token(jwks='{"keys": [{"d": "x"}]}'), "tokens.t: jwks contains a private key"),
    "a route without a rule": (route(), "traffic.routes.r: has no rule"),
    "any host inside the mesh": ({"routes": {"r": {"hosts": ["*"], "tcp": [A]}}}, "traffic.routes.r: hosts has '*'"),
    "two path conditions": (http(A, prefix="/a", exact="/b"), "routes.r.http[0]: prefix and exact are both given"),
    "a destination that says nothing": (destination(), "traffic.destinations.d: says nothing; give subsets, circuit"),
    "Istio's own key": (destination(trafficPolicy={}), "circuitBreaker"),
    "connections without a bound": (bounds(heartbeat="5s"), "traffic.destinations.d.connections: bounds nothing"),
    "an idle time-out within the usual heartbeat": (bounds(tcpIdleTimeout="30000ms"), "not above heartbeat 30s"),
    "an idle time-out within its own": (bounds(tcpIdleTimeout="1m", heartbeat="60s"), "1m is not above heartbeat 60s"),
    "keepalive after it": (bounds(tcpIdleTimeout="1m", tcpKeepalive={}), "1m is not above tcpKeepalive.time 60s"),
    "a life that ends before it": (bounds(tcpIdleTimeout="1h", maxConnectionDuration="60m"), "above tcpIdleTimeout 1h"),
    "a part of a second for the kernel": (bounds(tcpKeepalive={"time": "500ms"}), "connections.tcpKeepalive.time: "),
    "a keepalive that the kernel refuses": (bounds(tcpKeepalive={"time": "24h"}), "connections.tcpKeepalive.time: "),
    "more probes than the kernel sends": (bounds(tcpKeepalive={"probes": 128}), "connections.tcpKeepalive.probes: "),
    "a time-out that is none": (bounds(httpIdleTimeout="0s"), "connections.httpIdleTimeout: "),
    "more streams than requests": (destination(circuitBreaker={}, connections={"maxConcurrentStreams": 3}), MORE),
    "sticky sessions without a hash": (destination(sticky={}), "traffic.destinations.d.sticky: gives no kinds of hash"),
    "sticky by two hashes": (destination(sticky={"header": "x", "cookie": {"name": "d"}}), "gives 2 kinds of hash"),
    "a header without a name": (destination(sticky={"header": ""}), "traffic.destinations.d.sticky.header: "),
    "a cookie without a name": (destination(sticky={"cookie": {"ttl": "8h"}}), "destinations.d.sticky.cookie.name: "),
    "a cookie with half a name": (destination(sticky={"cookie": {"name": "a b"}}), "d.sticky.cookie.name: "),
    "a rule for everybody": (policy({}), "traffic.authorization.policies.p.rules[0]: has no condition"),
    "a policy without rules": (policy(), "traffic.authorization.policies.p.rules: []: has too few entries"),
    "a principal with its scheme": (policy({"principals": ["spiffe://cluster.local/ns/a/sa/b"]}), "(without spiffe:"),
    "CUSTOM that asks nobody": (policy({"ports": [80]}, action="CUSTOM"), "policies.p: action is CUSTOM, and only"),
    "DENY that asks": (custom({"ports": [80]}, action="DENY"), "policies.p: action is DENY, and only CUSTOM"),
    "CUSTOM by an identity": (custom({"namespaces": ["argocd"]}), "p: rules[0] asks for an identity or a token"),
    "CUSTOM by a token": (custom({"requestPrincipals": ["*"]}), "policies.p: rules[0] asks for an identity or a token"),
    "an authorizer that is none": (custom({"ports": [80]}, "oidc"), "p.authorizer is 'oauth', which authorizers"),
    "headers of gRPC": (custom({"ports": [80]}, protocol="grpc", headers=["x-desk"]), "need protocol: http; grpc has"),
    "too long a name for Istio": (custom({"ports": [80]}, "a" * 53), "traffic.authorization.authorizers"),
    "an upper-case name": ({"gateways": {"Web": {}}}, "traffic.gateways.Web: 'Web'"),
    "TCP at a gateway without a port": (listen(protocol="TCP"), "protocol TCP has no usual port; give port"),
    "gRPC without a port": (listen(protocol="GRPC"), "protocol GRPC has no usual port; give port"),
    "HTTPS without a certificate": (listen(protocol="HTTPS"), "protocol HTTPS needs tls"),
    "TCP with a certificate": (listen(protocol="TCP", port=9000, tls=CERTIFICATE), "protocol TCP has no tls"),
    "TCP with hosts": (listen(protocol="TCP", port=9000, hosts=["a.example"]), "protocol TCP knows no hosts"),
    "HTTPS that redirects": (listen(protocol="HTTPS", tls={**CERTIFICATE, "redirect": True}), NEED_PLAIN_HTTP),
    "TLS with a further port": (listen(protocol="TLS", tls={**CERTIFICATE, "port": 8443}), NEED_PLAIN_HTTP),
    "HTTP and HTTPS on one port": (listen(port=443, tls=CERTIFICATE), "port and tls.port are both 443"),
    "an issuer for any host": (listen(tls={**CERTIFICATE, "issuer": {"name": "home"}}), "tls.issuer needs hosts"),
    "a machine's name among addresses": (listen(allowAddresses=["my-laptop"]), "is neither an IP address nor a range"),
    "names of clients without certificates": (listen(tls=NAMED), "g.tls: clientNames need mode: MUTUAL; with SIMPLE"),
    "a pattern of names": (listen(tls={**MUTUAL, "clientNames": ["*.desk"]}), "clientNames[0]: '*.desk': is not"),
    "names in Gateway API": ({"api": "gateway", **listen(tls={**MUTUAL, **NAMED})}, "tls.clientNames is no field of"),
    "a limit of TCP": (listen(protocol="TCP", port=9000, limits=[TEN]), "limits count HTTP requests, and protocol TCP"),
    "a limit of a foreign host": (listen(hosts=["a.example"], limits=[{**TEN, "host": "b.example"}]), "b.example, for"),
    "a burst below the limit": (listen(limits=[{**TEN, "burst": 9}]), "g.limits[0]: burst 9 is below requests 10"),
    "a limit by two": (listen(limits=[{**TEN, "byAddress": True, "byHeader": "x-key"}]), "byAddress and byHeader"),
    "a limit per part of a second": (listen(limits=[{**TEN, "per": "500ms"}]), "limits[0].per: '500ms': is not a time"),
    "a protocol that is none": (listen(protocol="UDP", port=53), "traffic.gateways.g.protocol"),
    "a wildcard through the egress gateway": (outside("*.example.org", throughGateway=True), "needs hosts without '*'"),
    "two TCP hosts through the egress gateway": (broker({**TWO, "tls": None}), "TCP through the gateway takes one"),
    "two hosts called by TLS": (broker(TWO), "tls takes one host; give each host"),
    "TLS without the gateway": (broker({"throughGateway": False}), "tls needs throughGateway: the egress gateway"),
    "TLS of a caller that speaks TLS": (broker({"protocol": "TLS"}), "tls needs protocol HTTP or TCP: with TLS"),
    "mutual TLS without a client certificate": (broker({"tls": {}}), "tls: mode MUTUAL needs secret, with the client"),
    "more ports of HTTP": (outside("a.example", protocol="HTTP", morePorts=[81]), "morePorts need protocol TCP"),
    "more ports through the gateway": (broker({"morePorts": [81]}), "morePorts need protocol TCP without"),
    "any host at all": (outside("*"), "set proxy.outboundTraffic: ALLOW_ANY"),
    "TCP outside without a port": (outside("a.example", protocol="TCP"), "give port"),
    "a service's whole name outside": (outside("kubernetes.default.svc.cluster.local"), "is a Service of the cluster"),
    "a service's name outside": (outside("kubernetes.default.svc"), "is a Service of the cluster"),
    "an address as an outside host": (outside("10.0.0.1"), "is an IP address"),
    "addresses of HTTP": (outside("a.example.com", addresses=["10.0.0.1"]), "addresses need protocol TCP"),
    "an outside port of the proxy itself": (outside(**{**DATABASE, "port": 15001}), OF_THE_PROXY),
    **{
        f"{address} as an address": (outside(**DATABASE, addresses=[address]), "is neither an IP address nor a range")
        for address in ("10.1.2.3/8", "a.example.com", "10.0.0")
    },
    # The table of istio.io/latest/docs/ops/deployment/application-requirements.
    **{
        f"the proxy's own port {port}": (listen(port=port), OF_THE_PROXY)
        for port in (15000, 15001, 15002, 15004, 15006, 15008, 15009, 15020, 15021, 15053, 15090)
    },
}


@pytest.mark.parametrize(("traffic", "said"), REFUSED.values(), ids=REFUSED)
def test_traffic_settings_that_can_not_be_right_are_refused_with_their_path(traffic, said):
    assert said in refusal(traffic=traffic)


@table(
    case("an idle time-out above the heartbeat", bounds(tcpIdleTimeout="31s")),
    case("one above a shorter heartbeat", bounds(tcpIdleTimeout="30s", heartbeat="5s")),
    case("idle HTTP connections, whose streams are requests", bounds(httpIdleTimeout="10s", tcpKeepalive={})),
    case("a life alone", bounds(maxConnectionDuration="1s")),
    case("as many streams as requests", destination(circuitBreaker={}, connections={"maxConcurrentStreams": 2})),
    case("the longest keepalive", bounds(tcpKeepalive={"time": "9h"})),
    case("a cookie of the application", destination(sticky={"cookie": {"name": "JSESSIONID"}})),
    case("tokens without keys", token()),
    case("keys of tokens at an address", token(jwksUri="https://keys.example")),
    case("keys of tokens in the settings", token(jwks='{"keys": []}')),
    case("the DNS name of a pod outside", outside("10-1-0-7.shop.pod.cluster.local")),
    *(case(f"port {port}", listen(port=port)) for port in (14999, 15003, 15007, 15010, 15022, 15054, 15091)),
)
def test_traffic_settings_that_fit_together_are_accepted(traffic):
    assert make_settings(traffic=traffic)


@pytest.mark.parametrize("newer", [{"tcpIdleTimeout": "10m"}, {"maxConcurrentStreams": 100}], ids=str)
def test_a_bound_that_the_oldest_istio_does_not_know_is_refused_for_it_alone(newer):
    traffic = bounds(**newer)
    said = refusal(istio={"version": OLDEST}, traffic=traffic)
    assert f"traffic.destinations.d.connections: {BOTH_NEWER}; {OLDEST} ignores them" in said
    assert make_settings(istio={"version": "1.21.0"}, traffic=traffic)
    assert make_settings(istio={"version": OLDEST}, traffic=bounds(tcpKeepalive={}))


def test_limits_are_refused_for_an_istio_whose_envoy_cannot_count_clients():
    said = refusal(istio={"version": "1.25.5"}, traffic=listen(limits=[TEN]))
    assert "traffic.gateways.g.limits need Istio 1.26 or newer; istio.version is 1.25" in said
    assert make_settings(istio={"version": "1.26.0"}, traffic=listen(limits=[TEN]))


def listeners(settings: dict[str, dict]) -> dict[str, IngressListener]:
    return make_settings(traffic={"gateways": settings}).traffic.gateways


@table(
    ({}, [("HTTP", 80)]),
    ({"tls": CERTIFICATE}, [("HTTP", 80), ("HTTPS", 443)]),
    ({"protocol": "GRPC", "port": 50051, "tls": {**CERTIFICATE, "port": 8443}}, [("GRPC", 50051), ("HTTPS", 8443)]),
    ({"protocol": "HTTPS", "tls": CERTIFICATE}, [("HTTPS", 443)]),
    ({"protocol": "TLS"}, [("TLS", 443)]),
    ({"protocol": "TLS", "port": 8883, "tls": CERTIFICATE}, [("TLS", 8883)]),
    ({"protocol": "TCP", "port": 9000}, [("TCP", 9000)]),
)
def test_a_listener_serves_its_protocol_and_https_beside_plain_http(settings, served):
    assert [(server.protocol, server.number) for server in listeners({"g": settings})["g"].servers] == served


def test_the_service_has_the_charts_ports_first_and_one_for_each_further_number_in_whatever_order():
    settings = {"web": {"tls": CERTIFICATE}, "feed": {"protocol": "TCP", "port": 9000}, "api": {"port": 8080}}
    settings |= {"rpc": {"protocol": "GRPC", "port": 8080}, "lower": {"protocol": "TCP", "port": 81}}
    ports = [("status-port", 15021), ("http2", 80), ("https", 443), ("tcp-81", 81), ("grpc-8080", 8080)]
    for entries in (settings.items(), reversed(settings.items())):
        assert [*service_ports(listeners(dict(entries)).values()).items()] == [*ports, ("tcp-9000", 9000)]


@table(
    ({"attempts": 3}, ()),
    ({"attempts": 0}, ()),
    ({"attempts": 1, "retry_on": "5xx"}, ("5xx",)),
    ({"attempts": 1, "retry_on": "connect-failure,reset,503"}, ("reset", "503")),
    ({"attempts": 1, "retry_on": "unavailable"}, ("unavailable",)),
    ({"attempts": 1, "retry_on": "reset-before-request,refused-stream"}, ()),
)
def test_conditions_after_which_a_request_may_have_been_processed_are_unsafe(retries, unsafe):
    assert Retries(**retries).unsafe == unsafe


@table(
    ({}, False, True),
    ({"methods": ("GET", "HEAD", "OPTIONS")}, True, False),
    ({"methods": ("GET", "POST")}, False, False),
    ({"headers": {":method": "GET"}}, True, False),
    ({"headers": {":method": "POST"}}, False, False),
    ({"headers": {"x-desk": "GET"}}, False, False),
)
def test_a_rule_is_read_only_if_its_methods_change_nothing(conditions, read_only, matches_everything):
    rule = HttpRoute(to=(RouteTarget(service="shop"),), **conditions)
    assert (rule.is_read_only, rule.matches_everything) == (read_only, matches_everything)
