"""The traffic objects: equal to the Ansible role's examples, and valid for the schemas of Istio's CRDs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pi_mesh.settings.traffic.routes import Retries
from pi_mesh.values import telemetry
from pi_mesh.values.istio import istiod_values
from pi_mesh.values.objects import VERSIONS, peer_authentication, sidecar_scope
from pi_mesh.values.traffic import stages
from pi_mesh.values.traffic.authorization import DRY_RUN
from pi_mesh.values.traffic.routes import retry_policy
from tests.support import charts, crds
from tests.support.factories import make_settings
from tests.support.findings import case, table
from tests.support.full_traffic_settings import AGENT_POLICY, TRAFFIC

EXAMPLES = Path(__file__).parents[4] / "tests/support/ansible_role_examples"
AGENT = {"service": "trading-agent-service"}
TO_APP = {"to": [{"service": "trading-app-service", "port": 80}]}
TWINS = {
    "trading-gateway": {"gateways": {"trading-gateway": {}}},
    "trading-app": {"routes": {"trading-app": {"hosts": ["*"], "gateways": ["trading-gateway"], "http": [TO_APP]}}},
    "trading-agent-policy": {"authorization": {"policies": {"trading-agent-policy": AGENT_POLICY}}},
    "legacy-service-permissive": {"legacy": {"legacy-service-permissive": {}}},
    "circuit-breaker": {"destinations": {"circuit-breaker": {**AGENT, "circuitBreaker": {}}}},
    "trading-canary": {"canaries": {"trading-canary": {**AGENT, "paths": {"/api/v2": "v2"}}}},
}
RESEARCH = {"namespaces": {"research": {}}}
KNOWN = ("api.example.org", "api.example.org:8080")
UNKNOWN = ("api.example.org.evil.net", "apixexample.org", "api.example.org:evil")
DATABASE = {"hosts": ["db.example.org"], "protocol": "TCP", "port": 5432}
ORDERS = {"ports": [80], "takesOrders": True}
SHARED = [{"service": "prices", "weight": 90}, {"service": "orders", "weight": 10}]
WITHOUT = "orders-without-retries"


def made(**traffic: object) -> list[dict[str, Any]]:
    """Return the objects of traffic settings, those that come last at the end."""
    return [item for stage in stages(make_settings(traffic=traffic, **RESEARCH)) for item in stage]


def virtual_services(**traffic: object) -> list[dict[str, Any]]:
    return [item for item in made(**traffic) if item["kind"] == "VirtualService"]


@pytest.mark.parametrize("name", TWINS)
def test_the_twin_renders_the_roles_example(name: str):
    assert made(**TWINS[name]) == [yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())]


def test_every_example_has_a_twin_and_nothing_is_made_unless_asked_for():
    assert {path.stem for path in EXAMPLES.iterdir()} == set(TWINS)
    assert stages(make_settings()) == ((), ())


AUDITED_MTLS = {"mode": "PERMISSIVE", "audit": True}
NO_DELETIONS = {"action": "DENY", "rules": [{"methods": ["DELETE"]}]}
CALLERS = {"rules": [{"namespaces": ["argocd"]}]}
POLICIES = {"callers": CALLERS, "no-deletions": NO_DELETIONS}
AUDIT = {"authorization": {"defaultDeny": {"audit": True}, "policies": POLICIES}}


@pytest.mark.parametrize("which", [0, -1], ids=["oldest", "newest"])
def test_every_object_fits_istios_schema_and_a_field_that_istio_does_not_know_would_be_found(which):
    version, settings = charts.versions()[which], make_settings(traffic=TRAFFIC)
    audited = make_settings(mtls=AUDITED_MTLS, traffic=AUDIT)
    objects = [item for each in (settings, audited) for stage in stages(each) for item in stage]
    objects += [peer_authentication(settings), sidecar_scope(settings, settings.workload_namespaces[0])]
    objects += telemetry.tracing_telemetry(make_settings(observability={"jaeger": {"enabled": True}}))
    assert [line for item in objects for line in crds.problems(item, version)] == []
    assert {item["kind"] for item in objects} >= set(VERSIONS)
    rule = next(item for item in objects if item["metadata"]["name"] == "circuit-breaker")
    rule["spec"]["trafficPolicy"]["connectionPool"]["http"]["maxPending"] = 1
    (problem,) = crds.problems(rule, version)
    assert "$.trafficPolicy.connectionPool.http" in problem
    assert "'maxPending' was unexpected" in problem


ASKED = {
    "authorizers": {
        "oauth": {
            "service": "auth",
            "port": 8080,
            "headers": ["x-key"],
            "timeout": "500ms",
            "upstreamHeaders": ["x-user"],
        },
        "opa": {"service": "opa.example", "port": 9191, "protocol": "grpc", "failOpen": True},
    },
    "policies": {"asked": {"action": "CUSTOM", "authorizer": "oauth", "rules": [{"paths": ["*"]}]}},
}


def test_a_custom_policy_asks_an_authorizer_that_istiod_and_each_sidecar_know():
    settings = make_settings(traffic={"authorization": ASKED})
    (policy,), _ = stages(settings)
    assert policy["spec"]["action"] == "CUSTOM"
    assert policy["spec"]["provider"] == {"name": "oauth-authorizer"}
    assert [line for version in charts.each() for line in crds.problems(policy, version)] == []
    service, timeout = "auth.trading.svc.cluster.local", {"timeout": "0.5s"}
    headers = {"includeRequestHeadersInCheck": ["x-key"], "headersToUpstreamOnAllow": ["x-user"]}
    assert istiod_values(settings)["meshConfig"]["extensionProviders"] == [
        {"name": "oauth-authorizer", "envoyExtAuthzHttp": {"service": service, "port": 8080, **timeout, **headers}},
        {
            "name": "opa-authorizer",
            "envoyExtAuthzGrpc": {"service": "opa.example", "port": 9191, "timeout": "2s", "failOpen": True},
        },
    ]
    (egress,) = sidecar_scope(settings, settings.workload_namespaces[0])["spec"]["egress"]
    assert egress["hosts"][-2:] == [f"*/{service}", "*/opa.example"]


def test_an_object_is_in_the_namespace_of_its_setting():
    policies = {"argo": {"namespace": "research", **CALLERS}}
    objects = made(legacy={"old": {"namespace": "research"}}, authorization={"policies": policies})
    places = [(item["metadata"]["name"], item["metadata"]["namespace"]) for item in objects]
    assert places == [("old", "research"), ("argo", "research")]


@pytest.mark.parametrize(("home", "gateway"), [("research", "trading/web"), ("trading", "web")])
def test_a_route_names_the_gateway_of_another_namespace_with_that_namespace(home, gateway):
    route = {"namespace": home, "hosts": ["*"], "gateways": ["web"], "http": [{"to": [{"service": "api"}]}]}
    (service,) = virtual_services(gateways={"web": {}}, routes={"api": route})
    assert service["spec"]["gateways"] == [gateway]


def test_the_default_deny_of_a_further_namespace_admits_that_namespace_and_the_gateway():
    objects, last = stages(make_settings(namespaces={"research": {"defaultDeny": {"enabled": True}}}))
    names = [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in (*objects, *last)]
    assert names == [("research", name) for name in ("allow-ingress-gateway", "allow-namespaces", "default-deny")]
    assert objects[1]["spec"]["rules"] == [{"from": [{"source": {"namespaces": ["research"]}}]}]


def audited(**mtls: object) -> dict[str, dict]:
    """Return the objects of an audit by name."""
    objects = [item for stage in stages(make_settings(mtls=mtls, traffic=AUDIT)) for item in stage]
    return {item["metadata"]["name"]: item for item in objects}


def test_an_audit_enforces_nothing_of_the_default_deny_and_keeps_the_policies_of_the_settings():
    objects = audited()
    dry_run = {name for name, item in objects.items() if item["metadata"].get("annotations") == {DRY_RUN: "true"}}
    assert dry_run == {"default-deny", "allow-ingress-gateway", "allow-namespaces", "audit-callers"}
    assert set(objects) - dry_run == {"callers", "no-deletions", "pi-mesh-audit"}
    # Envoy tries dry-run policies alone, so each allow policy has a copy; the deny comes last as the enforced one does.
    assert objects["audit-callers"]["spec"] == objects["callers"]["spec"]
    assert [*objects][-1] == "default-deny"


@pytest.mark.parametrize(("mtls", "plain_text"), [({}, False), (AUDITED_MTLS, True)])
def test_the_log_of_an_audit_has_the_calls_that_the_dry_run_denies_and_those_in_plain_text(mtls, plain_text):
    (log,) = audited(**mtls)["pi-mesh-audit"]["spec"]["accessLogging"]
    expression = log["filter"]["expression"]
    assert (log["match"], expression.count("== 'denied'")) == ({"mode": "SERVER"}, 2)
    assert (expression.endswith(" || !connection.mtls"), "mtls" in expression) == (plain_text, plain_text)


@pytest.mark.parametrize("host", [*KNOWN, *UNKNOWN])
def test_a_host_on_its_way_to_the_egress_gateway_is_known_with_and_without_its_port_and_no_other_is(host):
    outside = {"hosts": ["api.example.org"], "protocol": "HTTP", "port": 8080, "throughGateway": True}
    (route,) = virtual_services(external={"broker": outside})
    pattern = route["spec"]["http"][0]["match"][0]["authority"]["regex"]
    assert bool(re.fullmatch(pattern, host)) is (host in KNOWN)


FIX = {"hosts": ["fix.broker.example"], "protocol": "TCP", "port": 9898, "throughGateway": True}
HOP = {"mode": "ISTIO_MUTUAL", "sni": "fix.broker.example"}
NAMED = {"sni": "fix.broker.example", "subjectAltNames": ["fix.broker.example"]}
RATES = {"protocol": "HTTP", "port": 80, "tls": {"mode": "SIMPLE"}}
CLIENT, SHOWN = {"secret": "fix-client"}, {"mode": "MUTUAL", "credentialName": "fix-client"}


@table(
    case("TCP as it is", {}, [9898], None, 9898),
    case("TLS with a client certificate", {"tls": CLIENT}, [9898], SHOWN, 9898),
    case("TLS on another port", {"tls": {**CLIENT, "port": 9899}}, [9898, 9899], SHOWN, 9899),
    case("TLS by public CAs", RATES, [80, 443], {"mode": "SIMPLE", "caCertificates": "system"}, 443),
)
def test_the_egress_gateway_is_reached_by_mutual_tls_and_opens_tls_to_the_host(changed, ports, opened, onward):
    entry, gateway, hop, *tls, route = made(external={"fix": {**FIX, **changed}})
    assert [port["number"] for port in entry["spec"]["ports"]] == ports
    (server,) = gateway["spec"]["servers"]
    assert (server["port"]["number"], server["tls"]) == (443, {"mode": "ISTIO_MUTUAL"})
    (subset,) = hop["spec"]["subsets"]
    assert subset["trafficPolicy"]["portLevelSettings"] == [{"port": {"number": 443}, "tls": HOP}]
    to_gateway, to_host = route["spec"][changed.get("protocol", "TCP").lower()]
    assert to_gateway["route"][0]["destination"]["subset"] == subset["name"]
    assert to_host["route"][0]["destination"]["port"] == {"number": onward}
    if opened is None:
        assert tls == []
    else:
        (policy,) = tls[0]["spec"]["trafficPolicy"]["portLevelSettings"]
        assert policy == {"port": {"number": onward}, "tls": {**opened, **NAMED}}
        assert tls[0]["spec"]["workloadSelector"] == {"matchLabels": {"istio": "egressgateway"}}


@pytest.mark.parametrize(("address", "more", "resolution"), [
    ("10.1.2.3", {}, "DNS"), ("10.1.2.0/24", {}, "NONE"), ("10.1.2.0/24", {"throughGateway": True}, "DNS"),
])  # fmt: skip
def test_the_hosts_of_a_range_keep_the_address_that_the_caller_uses(address, more, resolution):
    entry, *_ = made(external={"x": {**DATABASE, "addresses": [address], **more}})
    assert entry["spec"]["resolution"] == resolution


def test_an_outside_host_has_the_addresses_and_the_further_ports_that_are_given():
    entry, *_ = made(external={"x": {**DATABASE, "addresses": ["10.1.2.3"], "morePorts": [5433]}})
    assert entry["spec"]["addresses"] == ["10.1.2.3"]
    ports = [(port["number"], port["name"], port["protocol"]) for port in entry["spec"]["ports"]]
    assert ports == [(5432, "tcp", "TCP"), (5433, "tcp-5433", "TCP")]


def test_a_retry_policy_of_no_attempts_has_no_conditions_which_istio_would_refuse():
    assert retry_policy(Retries(attempts=0)) == {"attempts": 0}


def test_connections_are_shared_by_weight():
    shares = [{"service": "a", "weight": 30}, {"service": "b", "weight": 70}]
    (service,) = made(routes={"r": {"hosts": ["*"], "gateways": ["g"], "tcp": shares}})
    assert [target["weight"] for target in service["spec"]["tcp"][0]["route"]] == [30, 70]


def policy(**settings: object) -> dict[str, Any]:
    (rule,) = made(destinations={"d": {**AGENT, **settings}})
    assert crds.problems(rule, charts.versions()[-1]) == []
    return rule["spec"]["trafficPolicy"]


OF_TCP = {"heartbeat": "10s", "tcpKeepalive": {"interval": "5s"}, "tcpIdleTimeout": "10m"}
OF_HTTP = {"httpIdleTimeout": "20m", "http2MaxRequests": 500, "maxConcurrentStreams": 2}
OF_ALL = {"connectTimeout": "2s", "maxConnectionDuration": "24h"}
ALL_BOUNDS = {**OF_TCP, **OF_ALL, **OF_HTTP}
KEEPALIVE = {"time": "60s", "interval": "5s", "probes": 3}
TCP_BOUNDS = {**OF_ALL, "tcpKeepalive": KEEPALIVE, "idleTimeout": "10m"}
HTTP_BOUNDS = {"idleTimeout": "20m", "http2MaxRequests": 500, "maxConcurrentStreams": 2}


def test_bounds_of_connections_stand_beside_the_limits_of_a_circuit_breaker():
    pool = policy(circuitBreaker={}, connections=ALL_BOUNDS)["connectionPool"]
    limits = policy(circuitBreaker={})["connectionPool"]
    assert pool == {"tcp": {**limits["tcp"], **TCP_BOUNDS}, "http": {**limits["http"], **HTTP_BOUNDS}}


@table(
    ({"header": "x-desk"}, {"httpHeaderName": "x-desk"}),
    ({"cookie": {"name": "desk", "ttl": "8h"}}, {"httpCookie": {"name": "desk", "ttl": "8h"}}),
    ({"cookie": {"name": "desk"}}, {"httpCookie": {"name": "desk"}}),
)
def test_sticky_sessions_are_a_hash_over_all_pods_near_and_far(sticky, hashed):
    balancer = {"consistentHash": hashed, "localityLbSetting": {"enabled": False}}
    assert policy(sticky=sticky) == {"loadBalancer": balancer}


def test_longer_paths_of_a_canary_come_before_shorter_ones():
    (service,) = made(canaries={"c": {"service": "a", "paths": {"/api": "v1", "/api/v2": "v2"}}})
    prefixes = [rule["match"][0]["uri"]["prefix"] for rule in service["spec"]["http"][:-1]]
    assert prefixes == ["/api/v2", "/api"]


def mine(*hosts: str, to: list = [{"service": "orders"}], **more: object) -> dict:  # noqa: B006 - never changed
    return {"mine": {"hosts": [*hosts], "http": [{"to": to}], **more}}


OF_A_CANARY = {"canaries": {"c": {"service": "orders", "paths": {"/v2": "v2"}}}}
AT_A_GATEWAY = {"gateways": {"door": {}}, "routes": mine("orders", gateways=["door"])}


@table(
    case("a service that takes orders gets a route without retries", {}, {WITHOUT: [0]}),
    case("no service gets none", {"services": {}}, {}),
    case("other services get none", {"services": {"orders": {"ports": [80]}}}, {}),
    case("another tool makes it", {"services": {"orders": {**ORDERS, "defaultRoute": False}}}, {}),
    case("its own route", {"routes": mine("orders")}, {"mine": [0]}),
    case("its own route by the whole name", {"routes": mine("orders.trading.svc.cluster.local")}, {"mine": [0]}),
    case("a canary", OF_A_CANARY, {"c": [0, 0]}),
    case("a route at a gateway leaves the one for sidecars", AT_A_GATEWAY, {"mine": [0], WITHOUT: [0]}),
    case("a rule that shares requests", {"routes": mine("orders", to=SHARED)}, {"mine": [0]}),
    case("other services' rules stay", {"routes": mine("a", to=[{"service": "a"}])}, {"mine": [None], WITHOUT: [0]}),
)
def test_no_rule_to_a_service_that_takes_orders_has_retries(traffic, routes):
    attempts = {
        item["metadata"]["name"]: [rule.get("retries", {}).get("attempts") for rule in item["spec"]["http"]]
        for item in virtual_services(**{"services": {"orders": ORDERS}, **traffic})
    }
    assert attempts == routes


def test_a_caller_cannot_ask_the_proxy_for_retries_of_orders():
    (service,) = made(services={"orders": ORDERS})
    (rule,) = service["spec"]["http"]
    assert rule["route"] == [{"destination": {"host": "orders"}}]
    assert {"x-envoy-retry-on", "x-envoy-retry-grpc-on"} <= {*rule["headers"]["request"]["remove"]}
