"""The shipped stacks, which keep every rule of the policy pack, and those of previous versions, which still preview."""

import json
from collections import Counter

import pytest
import yaml

from pi_mesh import addons
from policies.rules import RULES
from tests.support.findings import case, table
from tests.support.full_traffic_settings import TRAFFIC
from tests.support.policy_resources import said, said_of_all, token
from tests.support.preview import previewed
from tests.support.recorder import RELEASE, Registered
from tests.support.shape import ROOT
from tests.support.vault_program import KEYLESS
from tests.support.vault_program import ROOT as ROOT_CA
from tests.support.vault_server import GOOD_TOKEN, vault_server
from tests.support.versions import NEWEST

FAT = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "200m", "memory": "600Mi"}}
SECOND = {"version": NEWEST, "canary": {"version": NEWEST, "revision": "next"}, "tags": {"stable": "next"}}
OBSERVED = {name: {"enabled": True} for name in addons.ALL}
OF_BEFORE = sorted((ROOT / "tests/support").glob("stacks_of_*/Pulumi.*.yaml"))
EXAMPLES = sorted((ROOT / "tests/support/ansible_role_examples").iterdir())
Judged = tuple[str, dict, bool]
"""Type and properties of a resource, and True for a protected one."""


def registered(stack: str, outputs: dict | None = None, **changes: object) -> list[Registered]:
    """Return the resources of a shipped stack with some keys changed."""
    return previewed(ROOT / f"Pulumi.{stack}.yaml", outputs or {}, **changes).resources


def bounds_of(stack: str) -> dict[str, dict]:
    return json.loads((ROOT / "policies" / "config" / f"{stack}.json").read_text())


def broken(stack: str, resources: list[Registered]) -> Counter[str]:
    return violations(stack, [(item.type, item.props, item.protect) for item in resources])


def violations(stack: str, resources: list[Judged]) -> Counter[str]:
    """Return the number of violations of each rule, within the stack's bounds."""
    bounds, messages = bounds_of(stack), Counter[str]()
    for rule in RULES:
        own = bounds.get(rule.name, {})
        if not rule.of_stack:
            breaches = (said(rule, props, type_, protect, **own) for type_, props, protect in resources)
            messages[rule.name] = sum(map(len, breaches))
        else:
            messages[rule.name] = len(said_of_all(rule, *(resource[:2] for resource in resources), **own))
    return +messages


@pytest.mark.parametrize("stack", ["pi-cluster", "lab"])
def test_a_shipped_stack_keeps_every_rule_and_its_policy_config_names_its_trading_namespace(stack):
    resources = registered(stack)
    assert sum(item.type == RELEASE for item in resources) == 4
    assert broken(stack, resources) == {}
    (namespace,) = {item.props["metadata"]["name"] for item in resources if item.name == "trading-namespace"}
    assert namespace in bounds_of(stack)["sidecar-injection"]["namespaces"]


@table(
    case("a trading namespace of another name", {"trading": {"namespace": "shop"}}, 4),
    case("traffic settings that use everything", {"traffic": TRAFFIC, "istio": {"version": NEWEST}}, 4),
    case("observability", {"observability": OBSERVED}, 8),
    case("a second control plane and NetworkPolicies", {"istio": SECOND, "networkPolicies": {"enabled": True}}, 5),
)
def test_other_settings_keep_every_rule_too(changes, releases):
    resources = registered("pi-cluster", **changes)
    assert sum(item.type == RELEASE for item in resources) == releases
    assert broken("pi-cluster", resources) == {}


def test_a_mesh_whose_certificates_vault_signs_keeps_every_rule_too(monkeypatch):
    monkeypatch.setenv("VAULT_TOKEN", GOOD_TOKEN)
    with vault_server(ROOT_CA.pem) as address:
        vault = {"enabled": True, "address": address, "key": "internal", "allowHttp": True}
        resources = registered("pi-cluster", KEYLESS, vault=vault)
    assert {item.name for item in resources} >= {"cert-manager-release", "mesh-ca-request-1"}
    assert broken("pi-cluster", resources) == {}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_ansible_roles_own_examples_keep_every_rule(example):
    props = yaml.safe_load(example.read_text())
    assert violations("pi-cluster", [(token(props), props, False)]) == {}


@table(
    ({"proxy": {"resources": FAT}}, "pi-ceiling"),
    ({"mtls": {"mode": "PERMISSIVE"}}, "mesh-wide-strict"),
    ({"images": {"hub": "registry.example/istio"}}, "image-hub"),
    ({"ingress": {"autoscaling": {"enabled": True, "maxReplicas": 9}}}, "bounded-autoscaling"),
    ({"base": {"values": {"env": [{"name": "DB_PASSWORD", "value": "fox"}]}}}, "no-secrets-in-values"),
    ({"traffic": {"authorization": {"policies": {"open": {"rules": [{"ports": [80]}]}}}}}, "named-principals"),
)
def test_a_setting_that_breaks_a_rule_is_found_in_the_real_program(changes, rule):
    assert rule in broken("pi-cluster", registered("pi-cluster", **changes))


def test_the_files_of_previous_versions_are_there():
    assert [file.name for file in OF_BEFORE] == ["Pulumi.lab.yaml", "Pulumi.pi-cluster.yaml"] * 2


@pytest.mark.parametrize("file", OF_BEFORE, ids=lambda file: f"{file.parent.name}-{file.name}")
def test_a_stack_of_a_previous_version_still_previews_and_no_setting_of_it_is_told_of(file):
    recording = previewed(file)
    assert len(recording.of_type(RELEASE)) == 4
    assert [line for line in recording.logs if "refuses it" in line] == []
