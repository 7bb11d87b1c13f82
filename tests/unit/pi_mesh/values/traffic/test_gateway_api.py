"""Listeners and routes as objects of Gateway API."""

from typing import Any

from pi_mesh.values.traffic import stages
from pi_mesh.values.traffic.gateway_api import API
from tests.support.factories import make_settings
from tests.support.findings import table
from tests.support.versions import NEWEST

SECRET = {"secret": "certificate"}
ENDED = {"mode": "Terminate", "certificateRefs": [{"name": "certificate"}]}
ANY = {"namespaces": {"from": "All"}}
SERVICES = {"shop": {"ports": [80]}, "orders": {"ports": [80], "takesOrders": True}}
SHOP = {"service": "shop"}
TO_SHOP = [{"name": "shop", "port": 80}]
MUTUAL = {"options": {"gateway.istio.io/tls-terminate-mode": "MUTUAL"}}
HOSTNAME = {"group": "networking.istio.io", "kind": "Hostname"}


def objects(**traffic: object) -> dict[str, dict[str, Any]]:
    """Return the objects of Gateway API by KIND NAMESPACE/NAME."""
    both = {"api": "gateway", "services": SERVICES, **traffic}
    settings = make_settings(istio={"version": NEWEST}, namespaces={"research": {}}, traffic=both)
    manifests = [item for item in stages(settings)[0] if item["apiVersion"] == API]
    return {f"{item['kind']} {item['metadata']['namespace']}/{item['metadata']['name']}": item for item in manifests}


def listeners_of(**listener: object) -> list[dict[str, Any]]:
    made = objects(gateways={"web": listener})["Gateway istio-system/web"]["spec"]["listeners"]
    assert all(item.pop("allowedRoutes") == ANY for item in made)
    return made


def route_of(kind: str = "HTTPRoute", gateway: dict | None = None, **route: object) -> dict[str, Any]:
    route = {"hosts": ["*"], "gateways": ["web"], **route}
    return objects(gateways={"web": gateway or {}}, routes={"r": route})[f"{kind} trading/r"]["spec"]


def rules_of(*rules: dict, **gateway: object) -> list[dict[str, Any]]:
    kind = "GRPCRoute" if gateway.get("protocol") == "GRPC" else "HTTPRoute"
    return route_of(kind, gateway, http=[{"to": [SHOP], **rule} for rule in rules])["rules"]


def test_a_gateway_is_attached_to_the_ingress_in_its_namespace_and_an_up_waits_until_istiod_has_read_it():
    gateway = objects(gateways={"web": {"namespace": "research"}})["Gateway istio-system/web"]
    host = "istio-ingressgateway.istio-system.svc.cluster.local"
    assert gateway["spec"]["addresses"] == [{"type": "Hostname", "value": host}]
    assert gateway["spec"]["gatewayClassName"] == "istio"
    waiting = {"pulumi.com/waitFor": "jsonpath={.status.listeners[0].name}", "pulumi.com/timeoutSeconds": "120"}
    assert gateway["metadata"]["annotations"] == waiting


@table(
    ({}, [("http-80", 80, "HTTP", None)]),
    ({"protocol": "GRPC", "port": 50051}, [("grpc-50051", 50051, "HTTP", None)]),
    ({"protocol": "TCP", "port": 9000}, [("tcp-9000", 9000, "TCP", None)]),
    ({"protocol": "TLS"}, [("tls-443", 443, "TLS", {"mode": "Passthrough"})]),
    ({"protocol": "TLS", "port": 8883, "tls": SECRET}, [("tls-8883", 8883, "TLS", ENDED)]),
    ({"tls": SECRET}, [("http-80", 80, "HTTP", None), ("https-443", 443, "HTTPS", ENDED)]),
    ({"protocol": "HTTPS", "tls": {**SECRET, "mode": "MUTUAL"}}, [("https-443", 443, "HTTPS", {**ENDED, **MUTUAL})]),
)
def test_each_port_of_a_listener_is_a_listener_of_the_gateway(listener, expected):
    made = [(item["name"], item["port"], item["protocol"], item.get("tls")) for item in listeners_of(**listener)]
    assert made == expected


def test_each_host_is_a_listener_of_its_own():
    made = [(item["name"], item.get("hostname")) for item in listeners_of(hosts=["a.example", "*.b.example"])]
    assert made == [("http-80", "a.example"), ("http-80-1", "*.b.example")]


def test_a_redirect_is_a_route_of_plain_http_and_the_others_are_https_s():
    redirecting = {"tls": {**SECRET, "redirect": True, "port": 8443}}
    to_web = {"hosts": ["*"], "gateways": ["web"], "http": [{"to": [SHOP]}]}
    made = objects(gateways={"web": redirecting}, routes={"r": to_web})
    to_https, route = made["HTTPRoute trading/web-to-https"]["spec"], made["HTTPRoute trading/r"]["spec"]
    assert [parent["sectionName"] for parent in to_https["parentRefs"]] == ["http-80"]
    redirect = {"scheme": "https", "port": 8443, "statusCode": 301}
    assert to_https["rules"] == [{"filters": [{"type": "RequestRedirect", "requestRedirect": redirect}]}]
    assert [parent["sectionName"] for parent in route["parentRefs"]] == ["https-8443"]


@table(
    ({}, {}),
    ({"exact": "/a"}, {"matches": [{"path": {"type": "Exact", "value": "/a"}}]}),
    ({"prefix": "/a"}, {"matches": [{"path": {"type": "PathPrefix", "value": "/a"}}]}),
    ({"methods": ["GET", "PUT"]}, {"matches": [{"method": "GET"}, {"method": "PUT"}]}),
    ({"headers": {"x-desk": "1"}}, {"matches": [{"headers": [{"name": "x-desk", "value": "1"}]}]}),
    ({"timeout": "5s"}, {"timeouts": {"request": "5s"}}),
)
def test_a_rule_of_http_is_one_of_an_httproute(rule, expected):
    assert rules_of(rule) == [{**expected, "backendRefs": TO_SHOP}]


@table(
    ({"exact": "/a"}, {"type": "ReplaceFullPath", "replaceFullPath": "/b"}),
    ({"prefix": "/a"}, {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/b"}),
    ({}, {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/b"}),
)
def test_a_rewrite_is_a_rule_of_its_own_for_each_method(match, path):
    made = rules_of({**match, "rewrite": "/b", "methods": ["GET", "PUT"]})
    assert [[entry["method"] for entry in rule["matches"]] for rule in made] == [["GET"], ["PUT"]]
    assert all(rule["filters"] == [{"type": "URLRewrite", "urlRewrite": {"path": path}}] for rule in made)


def test_a_caller_cannot_ask_for_retries_of_orders():
    (rule,) = rules_of({"to": [{"service": "orders"}]})
    removed = ["x-envoy-retry-on", "x-envoy-retry-grpc-on", "x-envoy-hedge-on-per-try-timeout"]
    assert rule["filters"] == [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": removed}}]


def test_a_listener_of_grpc_has_grpcroutes_with_methods():
    made = rules_of({"exact": "/a.B/C"}, {"prefix": "/a.B/"}, {}, protocol="GRPC", port=50051)
    matches = [rule.get("matches") for rule in made]
    assert matches == [[{"method": {"service": "a.B", "method": "C"}}], [{"method": {"service": "a.B"}}], None]


@table(
    ("shop.trading.svc.cluster.local", {"name": "shop"}),
    *((host, {**HOSTNAME, "name": host}) for host in ("shop.research.svc.cluster.local", "bank.example")),
)
def test_a_host_beyond_the_namespace_is_a_backend_by_its_name_and_needs_no_grant(host, backend):
    (rule,) = rules_of({"to": [{"service": host, "port": 80}]})
    assert rule["backendRefs"] == [{**backend, "port": 80}]


def test_weights_are_shared_by_backends():
    (rule,) = rules_of({"to": [{**SHOP, "weight": 90}, {"service": "shop-v2", "port": 80, "weight": 10}]})
    assert [backend["weight"] for backend in rule["backendRefs"]] == [90, 10]


def test_a_route_has_the_hosts_of_the_settings_and_none_for_any():
    listening = {"hosts": ["a.example"]}
    assert route_of(gateway=listening, hosts=["a.example"], http=[{"to": [SHOP]}])["hostnames"] == ["a.example"]
    assert "hostnames" not in route_of(http=[{"to": [SHOP]}])


def test_a_tcp_route_of_several_server_names_is_attached_to_its_own():
    ended = {"protocol": "TLS", "hosts": ["a.example", "b.example"], "tls": SECRET}
    spec = route_of("TCPRoute", ended, hosts=["b.example"], tcp=[SHOP])
    assert [parent["sectionName"] for parent in spec["parentRefs"]] == ["tls-443-1"]
    assert spec["rules"] == [{"backendRefs": TO_SHOP}]


def test_a_tls_route_lists_its_server_names():
    spec = route_of("TLSRoute", {"protocol": "TLS", "hosts": ["a.example"]}, hosts=["a.example"], tls=[SHOP])
    assert (spec["hostnames"], spec["rules"]) == (["a.example"], [{"backendRefs": TO_SHOP}])


def test_a_route_without_gateways_belongs_to_the_service():
    spec = route_of(gateways=[], hosts=["shop"], http=[{"to": [SHOP]}])
    assert spec["parentRefs"] == [{"group": "", "kind": "Service", "name": "shop"}]
    assert "hostnames" not in spec


def test_what_gateway_api_has_no_kind_for_stays_istio_s():
    traffic = {"api": "gateway", "services": SERVICES, "destinations": {"s": {**SHOP, "circuitBreaker": {}}}}
    objects, _ = stages(make_settings(istio={"version": NEWEST}, traffic=traffic))
    assert [item["kind"] for item in objects] == ["DestinationRule", "VirtualService"]
