"""The traffic objects: equal to the Ansible role's examples, and valid for the schemas of Istio's CRDs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pi_mesh.values import telemetry
from pi_mesh.values.objects import VERSIONS, peer_authentication, sidecar_scope
from pi_mesh.values.traffic import stages
from pi_mesh.values.traffic.authorization import DRY_RUN
from tests.support import charts, crds
from tests.support.factories import make_settings
from tests.support.findings import case, table
from tests.support.full_traffic_settings import AGENT_POLICY, FURTHER, TRAFFIC

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


def test_the_objects_of_the_recorded_further_settings_fit_the_newest_schema():
    of_istio = [item for item in made(**FURTHER) if item["kind"] != "Certificate"]
    assert [line for item in of_istio for line in crds.problems(item, charts.versions()[-1])] == []


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


DATABASE = {"hosts": ["db.example.org"], "protocol": "TCP", "port": 5432}


@pytest.mark.parametrize(("address", "more", "resolution"), [
    ("10.1.2.3", {}, "DNS"), ("10.1.2.0/24", {}, "NONE"), ("10.1.2.0/24", {"throughGateway": True}, "DNS"),
])  # fmt: skip
def test_the_hosts_of_a_range_keep_the_address_that_the_caller_uses(address, more, resolution):
    entry, *_ = made(external={"x": {**DATABASE, "addresses": [address], **more}})
    assert entry["spec"]["resolution"] == resolution


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
