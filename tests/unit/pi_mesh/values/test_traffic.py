"""The traffic objects: equal to the Ansible role's examples, and valid for the schemas of Istio's CRDs."""

from pathlib import Path

import pytest
import yaml

from pi_mesh.values.objects import VERSIONS, peer_authentication, sidecar_scope
from pi_mesh.values.traffic import stages
from pi_mesh.values.traffic.authorization import DRY_RUN
from tests.support import charts, crds
from tests.support.factories import make_settings
from tests.support.full_traffic_settings import AGENT_POLICY, TRAFFIC

EXAMPLES = Path(__file__).parents[4] / "tests/support/ansible_role_examples"

AUDIT_OF_MTLS = {"mode": "PERMISSIVE", "audit": True}
AUDIT = {
    "authorization": {
        "defaultDeny": {"audit": True},
        "policies": {
            "callers": {"rules": [{"namespaces": ["argocd"]}]},
            "no-deletions": {"action": "DENY", "rules": [{"methods": ["DELETE"]}]},
        },
    }
}

TWINS = {
    "trading-gateway": {"gateways": {"trading-gateway": {}}},
    "trading-app": {
        "routes": {
            "trading-app": {
                "hosts": ["*"],
                "gateways": ["trading-gateway"],
                "http": [{"to": [{"service": "trading-app-service", "port": 80}]}],
            }
        }
    },
    "trading-agent-policy": {"authorization": {"policies": {"trading-agent-policy": AGENT_POLICY}}},
    "legacy-service-permissive": {"legacy": {"legacy-service-permissive": {}}},
    "circuit-breaker": {
        "destinations": {"circuit-breaker": {"service": "trading-agent-service", "circuitBreaker": {}}}
    },
    "trading-canary": {
        "canaries": {"trading-canary": {"service": "trading-agent-service", "paths": {"/api/v2": "v2"}}}
    },
}


@pytest.mark.parametrize("name", TWINS)
def test_the_twin_renders_the_roles_example(name: str):
    expected = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())
    assert stages(make_settings(traffic=TWINS[name])) == ((expected,), ())


def test_every_example_has_a_twin():
    assert {path.stem for path in EXAMPLES.iterdir()} == set(TWINS)


def test_nothing_is_made_unless_asked_for():
    assert stages(make_settings()) == ((), ())


@pytest.fixture(params=("oldest", "newest"))
def version(request) -> str:
    found = charts.versions()
    return found[0] if request.param == "oldest" else found[-1]


@pytest.fixture
def everything() -> list[dict]:
    """Return an object of each kind, with every field that settings can give it."""
    settings = make_settings(traffic=TRAFFIC)
    audited = make_settings(mtls=AUDIT_OF_MTLS, traffic=AUDIT)
    return [
        *(item for each in (settings, audited) for stage in stages(each) for item in stage),
        peer_authentication(settings),
        sidecar_scope(settings, settings.workload_namespaces[0]),
    ]


def test_every_object_fits_istios_schema(everything, version):
    assert [line for item in everything for line in crds.problems(item, version)] == []
    assert {item["kind"] for item in everything} >= set(VERSIONS)


def test_a_field_that_istio_does_not_know_would_be_found(everything, version):
    rule = next(item for item in everything if item["kind"] == "DestinationRule")
    rule["spec"]["trafficPolicy"]["connectionPool"]["http"]["maxPending"] = 1
    (problem,) = crds.problems(rule, version)
    assert "$.trafficPolicy.connectionPool.http" in problem
    assert "'maxPending' was unexpected" in problem


def test_an_object_is_in_the_namespace_of_its_setting():
    policies = {"argo": {"namespace": "research", "rules": [{"namespaces": ["argocd"]}]}}
    traffic = {"legacy": {"old": {"namespace": "research"}}, "authorization": {"policies": policies}}
    made, _ = stages(make_settings(namespaces={"research": {}}, traffic=traffic))
    assert [item["metadata"] for item in made] == [
        {"name": "old", "namespace": "research"},
        {"name": "argo", "namespace": "research"},
    ]


@pytest.mark.parametrize(("home", "gateway"), [("research", "trading/web"), ("trading", "web")])
def test_a_route_names_the_gateway_of_another_namespace_with_that_namespace(home, gateway):
    route = {"namespace": home, "hosts": ["*"], "gateways": ["web"], "http": [{"to": [{"service": "api"}]}]}
    traffic = {"gateways": {"web": {}}, "routes": {"api": route}}
    made, _ = stages(make_settings(namespaces={"research": {}}, traffic=traffic))
    (virtual_service,) = (item for item in made if item["kind"] == "VirtualService")
    assert virtual_service["spec"]["gateways"] == [gateway]


def test_the_default_deny_of_a_further_namespace_admits_that_namespace_and_the_gateway():
    made, last = stages(make_settings(namespaces={"research": {"defaultDeny": {"enabled": True}}}))
    assert [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in (*made, *last)] == [
        ("research", "allow-ingress-gateway"),
        ("research", "allow-namespaces"),
        ("research", "default-deny"),
    ]
    assert made[1]["spec"]["rules"] == [{"from": [{"source": {"namespaces": ["research"]}}]}]


def audited(**mtls: object) -> dict[str, dict]:
    """Return the objects of an audit by name."""
    found = [item for stage in stages(make_settings(mtls=mtls, traffic=AUDIT)) for item in stage]
    return {item["metadata"]["name"]: item for item in found}


def test_an_audit_enforces_nothing_of_the_default_deny_and_keeps_the_policies_of_the_settings():
    dry_run = {name for name, item in audited().items() if item["metadata"].get("annotations") == {DRY_RUN: "true"}}
    assert dry_run == {"default-deny", "allow-ingress-gateway", "allow-namespaces", "audit-callers"}
    assert set(audited()) - dry_run == {"callers", "no-deletions", "pi-mesh-audit"}


def test_an_audit_copies_each_allow_policy_because_envoy_tries_dry_run_policies_alone():
    assert audited()["audit-callers"]["spec"] == audited()["callers"]["spec"]


def test_the_deny_of_an_audit_comes_last_as_the_enforced_one_does():
    assert [*audited()][-1] == "default-deny"


def logged(**mtls: object) -> str:
    (log,) = audited(**mtls)["pi-mesh-audit"]["spec"]["accessLogging"]
    assert log["match"] == {"mode": "SERVER"}
    return log["filter"]["expression"]


def test_the_log_of_an_audit_has_the_calls_that_the_dry_run_denies():
    assert logged().count("== 'denied'") == 2
    assert "mtls" not in logged()


def test_the_log_of_a_permissive_mesh_has_the_calls_in_plain_text_too():
    assert logged(**AUDIT_OF_MTLS).endswith(" || !connection.mtls")
