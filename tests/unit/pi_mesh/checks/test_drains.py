"""The connections that a change closes; tests/live/traffic/test_streams.py compares them with what breaks."""

from dataclasses import replace

from pi_mesh.checks.restarts import forecast
from pi_mesh.cluster.stack_state import NEVER_RUN
from tests.support.factories import make_mesh
from tests.support.findings import case, table
from tests.support.snapshots import installed_state
from tests.support.versions import NEWEST

SELECTED = {"selector": {"app": "desk"}, "rules": [{"ports": [80]}]}
FIX, WEB = {"protocol": "TCP", "port": 9000}, {"port": 8081, "hosts": ["a.example"]}
NO_EGRESS, LATEST = {"egress": {"enabled": False}}, {"version": NEWEST}
GATEWAYS = {"gateways": {"fix": FIX, "web": WEB}}
NEW_API = {"api": "gateway", "services": {"desk": {"ports": [80]}, "risk": {"ports": [80]}}}
EVERY = {"gateways": {**GATEWAYS["gateways"], "tls": {"protocol": "TLS", "hosts": ["a.example"]}}}
TO_DESK = "connections to trading app=desk (AuthorizationPolicy trading/a)"
TO_GATEWAY = "connections to istio=ingressgateway, port"
ON, OWN = {"enabled": True}, "NetworkPolicy istio-system/"
NETWORKS = {
    "trading": "NetworkPolicy trading/workloads, NetworkPolicy trading/gateways",
    "istio-system app=istiod": f"{OWN}istiod",
    "istio-system app=istio-ingressgateway,istio=ingressgateway": f"{OWN}istio-ingressgateway",
    "istio-system app=istio-egressgateway,istio=egressgateway": f"{OWN}istio-egressgateway",
}
LIMITED = "istio=ingressgateway, port 8081 (EnvoyFilter istio-system/web-limits)"
ALLOWS, LOG_OF = "AuthorizationPolicy trading/allow", "Telemetry istio-system/pi-mesh-access-log"


def tcp(*services: str, **more: object) -> dict:
    targets = [{"service": name, "port": 80, "weight": 100 // len(services)} for name in services]
    return {"routes": {"desk": {"hosts": ["desk"], "tcp": targets, **more}}}


def at_gateway(*services: str) -> dict:
    return {**GATEWAYS, **tcp(*services, hosts=["*"], gateways=["fix"])}


def http(timeout: str) -> dict:
    return {"routes": {"desk": {"hosts": ["desk"], "http": [{"to": [{"service": "desk"}], "timeout": timeout}]}}}


def bounds(**connections: object) -> dict:
    return {"traffic": {"destinations": {"desk": {"service": "desk", "connections": connections}}}}


def policies(**named: object) -> dict:
    return {"traffic": {"authorization": {"policies": named}}}


@table(
    case("a first policy", {}, policies(a=SELECTED), [TO_DESK]),
    case("a policy that goes", policies(a=SELECTED), {}, [TO_DESK]),
    case("a policy of other pods", policies(a=SELECTED), policies(a={**SELECTED, "selector": {"app": "risk"}}),
        [TO_DESK, "connections to trading app=risk (AuthorizationPolicy trading/a)"]),
    case("a default deny that is enforced after its audit",
        {"traffic": {"authorization": {"defaultDeny": {"audit": True}}}},
        {"traffic": {"authorization": {"defaultDeny": {"enabled": True}}}},
        [f"connections to trading ({ALLOWS}-ingress-gateway, {ALLOWS}-namespaces and 2 more)"]),
    case("the mode of mutual TLS", {}, {"mtls": {"mode": "PERMISSIVE"}},
        ["connections to every sidecar (PeerAuthentication istio-system/default)"]),
    case("tokens", {}, {"traffic": {"authorization": {"tokens": {"t": {"issuer": "x", "selector": {"app": "desk"}}}}}},
        ["HTTP connections to trading app=desk (RequestAuthentication trading/t)"]),
    case("the log of gateways", NO_EGRESS, {**NO_EGRESS, "observability": {"accessLogs": {"gateways": True}}},
        [f"connections to istio-system istio=ingressgateway ({LOG_OF}-istio-ingressgateway)"]),
    case("an idle time-out of TCP", {"istio": LATEST}, {"istio": LATEST, **bounds(tcpIdleTimeout="5m")},
        ["TCP connections from sidecars and gateways to desk (DestinationRule trading/desk)"]),
    case("keepalive", {}, bounds(tcpKeepalive={}), []),
    case("a TCP route at a gateway", {"traffic": at_gateway("desk")}, {"traffic": at_gateway("desk", "risk")},
        [f"TCP {TO_GATEWAY} 9000 (VirtualService trading/desk)"]),
    case("a TCP route in the mesh", {}, {"traffic": tcp("desk")},
        ["TCP connections from the mesh to desk (VirtualService trading/desk)"]),
    case("an HTTP route", {"traffic": http("5s")}, {"traffic": http("6s")}, []),
    case("a new listener", {"traffic": {"gateways": {"web": WEB}}}, {"traffic": GATEWAYS}, []),
    case("limits of a listener", {"traffic": {"gateways": {"web": WEB}}},
        {"traffic": {"gateways": {"web": {**WEB, "limits": [{"requests": 1, "per": "1s"}]}}}},
        [f"HTTP connections to app=istio-ingressgateway,{LIMITED}"]),
    case("a listener that goes", {"traffic": GATEWAYS}, {"traffic": {"gateways": {"web": WEB}}},
        [f"{TO_GATEWAY} 9000 (Gateway trading/fix)"]),
    case("another host of plain HTTP", {"traffic": GATEWAYS},
        {"traffic": {"gateways": {"fix": FIX, "web": {**WEB, "hosts": ["b.example"]}}}}, []),
    case("another host that is told by its server name",
        {"traffic": {"gateways": {"tls": {"protocol": "TLS", "hosts": ["a.example"]}}}},
        {"traffic": {"gateways": {"tls": {"protocol": "TLS", "hosts": ["b.example"]}}}},
        [f"{TO_GATEWAY} 443 (Gateway trading/tls)"]),
    case("listeners that move to Gateway API", {"traffic": EVERY}, {"traffic": {**EVERY, "api": "gateway"}},
        [f"{TO_GATEWAY} 9000 (Gateway trading/fix)", f"{TO_GATEWAY} 443 (Gateway trading/tls)"]),
    case("listeners that move back", {"traffic": {**EVERY, "api": "gateway"}}, {"traffic": EVERY},
        [f"{TO_GATEWAY} 9000 (Gateway istio-system/fix)", f"{TO_GATEWAY} 443 (Gateway istio-system/tls)"]),
    case("a TCP route of Gateway API", {"traffic": {**at_gateway("desk"), **NEW_API}},
        {"traffic": {**at_gateway("desk", "risk"), **NEW_API}}, [f"TCP {TO_GATEWAY} 9000 (TCPRoute trading/desk)"]),
    case("another host of plain HTTP in Gateway API", {"traffic": {**GATEWAYS, **NEW_API}},
        {"traffic": {"gateways": {"fix": FIX, "web": {**WEB, "hosts": ["b.example"]}}, **NEW_API}}, []),
    case("a breaker", {}, {"traffic": {"destinations": {"desk": {"service": "desk", "circuitBreaker": {}}}}}, []),
    case("a host outside", {}, {"traffic": {"external": {"bank": {"hosts": ["bank.example"]}}}}, []),
    case("a wider scope", {}, {"trading": {"sidecarScope": ["./*", "shop/*"]}}, []),
    case("a smaller scope", {}, {"trading": {"sidecarScope": ["./desk"]}},
        ["connections from trading to hosts that leave its scope (Sidecar trading/default)"]),
    case("a first scope", {"trading": {"bounds": {"sidecar": False}}}, {},
        ["connections from trading to hosts that leave its scope (Sidecar trading/default)"]),
    case("first NetworkPolicies", {}, {"networkPolicies": ON}, [
        f"connections to and from {pods} that NetworkPolicies do not admit, if the network plugin ends open ones ({of})"
        for pods, of in NETWORKS.items()]),
    case("NetworkPolicies that admit more", {"networkPolicies": ON, "traffic": {"gateways": {"web": WEB}}},
        {"networkPolicies": {**ON, "fromNamespaces": ["shop"]}, "traffic": GATEWAYS}, []),
    case("a namespace that may no longer scrape", {"networkPolicies": {**ON, "scrapedFrom": ["shop"]}},
        {"networkPolicies": {**ON, "scrapedFrom": ["desks"]}}, [
        f"connections to and from {pods} that NetworkPolicies do not admit, if the network plugin ends open ones "
        f"({of.partition(',')[0]})" for pods, of in NETWORKS.items()]),
    case("NetworkPolicies that go", {"networkPolicies": ON}, {}, []),
    case("a new namespace with rules of its own", {},
        {"namespaces": {"shop": {}}, **policies(a={**SELECTED, "namespace": "shop"})}, []),
    case("the form of paths", {}, {"proxy": {"pathNormalization": "BASE"}},
        ["HTTP connections to and from every proxy (meshConfig.pathNormalization.normalization)"]),
    case("the share of traces", {}, {"proxy": {"traceSampling": 5}},
        ["HTTP connections to and from every proxy (pilot.traceSampling)"]),
    case("the paths in an access log that is written", {"observability": {"accessLogs": {"namespaces": ["trading"]}}},
        {"observability": {"accessLogs": {"namespaces": ["trading"], "paths": True}}},
        ["connections to and from every proxy (meshConfig.extensionProviders)"]),
    case("a value of the mesh config that is not known", {},
        {"istio": {"values": {"meshConfig": {"accessLogFile": "/dev/stdout"}}}},
        ["connections to and from every proxy (meshConfig.accessLogFile)"]),
    case("what the mesh does with unknown hosts", {}, {"proxy": {"outboundTraffic": "REGISTRY_ONLY"}},
        ["connections from the mesh to hosts that it does not know (meshConfig.outboundTrafficPolicy.mode)"]),
    case("retries", {}, {"proxy": {"defaultRetries": {"attempts": 1}}}, []),
    case("threads, certificates' life", {}, {"proxy": {"concurrency": 1}, "mtls": {"certificateLifetime": "3h"}}, []),
)  # fmt: skip
def test_a_change_closes_the_connections_of_the_listeners_that_it_changes(before, after, told):
    old, new = (make_mesh(**{**side, "istio": {**LATEST, **side.get("istio", {})}}) for side in (before, after))
    assert [*map(str, forecast(new, installed_state(old)).drains)] == told


def with_defaults(item: object) -> object:
    """Return a part of a manifest with what the API server adds to references, and numbers as the engine has them."""
    if isinstance(item, dict):
        added = (
            {"group": "", "kind": "Secret", "weight": 1} if item.keys() <= {"name", "port"} and "name" in item else {}
        )
        return {**added, **{key: with_defaults(value) for key, value in item.items()}}
    if isinstance(item, list):
        return [with_defaults(entry) for entry in item]
    return float(item) if isinstance(item, int) else item


def test_the_api_server_s_defaults_are_no_change():
    ended = {"protocol": "TLS", "port": 8883, "hosts": ["a.example"], "tls": {"secret": "certificate"}}
    traffic = {**at_gateway("desk"), **NEW_API}
    mesh = make_mesh(istio=LATEST, traffic={**traffic, "gateways": {**traffic["gateways"], "ended": ended}})
    recorded = installed_state(mesh)
    of_gateway_api = "gateway.networking.k8s.io/v1"
    live = tuple(with_defaults(item) if item["apiVersion"] == of_gateway_api else item for item in recorded.objects)
    assert live != recorded.objects
    assert forecast(mesh, replace(recorded, objects=live)).drains == ()


def test_a_first_install_closes_nothing():
    assert forecast(make_mesh(), NEVER_RUN).drains == ()
