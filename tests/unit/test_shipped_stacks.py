"""The shipped stacks, whose resources keep every rule of the policy pack, judged as by the engine."""

import contextvars
import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml
from pulumi.runtime import config

from policies.rules import RULES, Rule
from tests.support.full_traffic_settings import TRAFFIC
from tests.support.policy_resources import said, said_of_all, token
from tests.support.recorder import Registered, record
from tests.support.vault_program import KEYLESS
from tests.support.vault_program import ROOT as ROOT_CA
from tests.support.vault_server import GOOD_TOKEN, vault_server

ROOT = Path(__file__).parents[2]
FAT = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "200m", "memory": "600Mi"}}


@pytest.fixture(autouse=True)
def project_folder(monkeypatch):
    """Run the program in the folder with its files."""
    monkeypatch.chdir(ROOT)


def registered(stack: str, outputs: Mapping = MappingProxyType({}), **changes: object) -> list[Registered]:
    """Return the resources of a shipped stack with some keys changed; `outputs` as for the recorder."""
    content = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    content |= {f"pi-mesh:{key}": value for key, value in changes.items()}
    values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in content.items()}

    def program() -> list[Registered]:
        config.set_all_config(values)
        return record(lambda: runpy.run_path("__main__.py"), stack, preview=True, outputs=outputs).resources

    return contextvars.copy_context().run(program)


def violations(stack: str, resources: list[Registered]) -> dict[str, list[str]]:
    """Return the violations of each rule, within the stack's bounds."""
    bounds = json.loads((ROOT / "policies" / "config" / f"{stack}.json").read_text())
    found = {}
    for rule in RULES:
        if isinstance(rule, Rule):
            each = [said(rule, one.props, one.type, one.protect, **bounds.get(rule.name, {})) for one in resources]
            found[rule.name] = [message for messages in each for message in messages]
        else:
            stack_resources = [(one.type, one.props) for one in resources]
            found[rule.name] = said_of_all(rule, *stack_resources, **bounds.get(rule.name, {}))
    return {name: messages for name, messages in found.items() if messages}


@pytest.mark.parametrize("stack", ["pi-cluster", "lab"])
def test_a_shipped_stack_keeps_every_rule(stack):
    resources = registered(stack)
    assert sum(one.type == "kubernetes:helm.sh/v3:Release" for one in resources) == 4
    assert violations(stack, resources) == {}


@pytest.mark.parametrize("stack", ["pi-cluster", "lab"])
def test_the_policy_config_names_the_trading_namespace_of_its_stack(stack):
    bounds = json.loads((ROOT / "policies" / "config" / f"{stack}.json").read_text())
    (namespace,) = {one.props["metadata"]["name"] for one in registered(stack) if one.name == "trading-namespace"}
    assert namespace in bounds["sidecar-injection"]["namespaces"]


def test_a_trading_namespace_of_another_name_keeps_every_rule_too():
    assert violations("pi-cluster", registered("pi-cluster", trading={"namespace": "shop"})) == {}


def test_traffic_settings_that_use_everything_keep_every_rule_too():
    assert violations("pi-cluster", registered("pi-cluster", traffic=TRAFFIC)) == {}


def test_observability_keeps_every_rule_too():
    addons = {name: {"enabled": True} for name in ("prometheus", "kiali", "grafana", "jaeger")}
    resources = registered("pi-cluster", observability=addons)
    assert sum(one.type == "kubernetes:helm.sh/v3:Release" for one in resources) == 8
    assert violations("pi-cluster", resources) == {}


def test_a_mesh_whose_certificates_vault_signs_keeps_every_rule_too(monkeypatch):
    monkeypatch.setenv("VAULT_TOKEN", GOOD_TOKEN)
    with vault_server(ROOT_CA.pem) as address:
        vault = {"enabled": True, "address": address, "key": "internal", "allowHttp": True}
        resources = registered("pi-cluster", outputs=KEYLESS, vault=vault)
    assert {one.name for one in resources} >= {"cert-manager-release", "mesh-ca-request-1"}
    assert violations("pi-cluster", resources) == {}


@pytest.mark.parametrize(
    "example", sorted((ROOT / "tests/support/ansible_role_examples").iterdir()), ids=lambda path: path.stem
)
def test_the_ansible_roles_own_examples_keep_every_rule(example):
    one = yaml.safe_load(example.read_text())
    bounds = json.loads((ROOT / "policies" / "config" / "pi-cluster.json").read_text())
    for rule in RULES:
        own = bounds.get(rule.name, {})
        found = said(rule, one, **own) if isinstance(rule, Rule) else said_of_all(rule, (token(one), one), **own)
        assert found == [], rule.name


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"proxy": {"resources": FAT}}, "pi-ceiling"),
        ({"mtls": {"mode": "PERMISSIVE"}}, "mesh-wide-strict"),
        ({"images": {"hub": "registry.example/istio"}}, "image-hub"),
        ({"ingress": {"autoscaling": {"enabled": True, "maxReplicas": 9}}}, "bounded-autoscaling"),
        ({"ingress": {"values": {"additionalContainers": [{"name": "x", "image": "busybox"}]}}}, "pi-ceiling"),
        ({"base": {"values": {"env": [{"name": "DB_PASSWORD", "value": "fox"}]}}}, "no-secrets-in-values"),
        ({"traffic": {"authorization": {"policies": {"open": {"rules": [{"ports": [80]}]}}}}}, "named-principals"),
    ],
)
def test_a_setting_that_breaks_a_rule_is_found_in_the_real_program(changes, rule):
    assert rule in violations("pi-cluster", registered("pi-cluster", **changes))
