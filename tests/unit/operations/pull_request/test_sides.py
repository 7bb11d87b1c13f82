"""One side of a comparison: its rules, its settings and its preview."""

import json
import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from operations.pull_request import checkout, engine, sides
from operations.pull_request.engine import Checkout, Intent, Resource, Violation
from operations.pull_request.relaxations import Rule
from operations.pull_request.sides import RulesUnreadableError
from tests.support.files import write_files
from tests.support.versions import NEWEST

ROOT = Path(__file__).parents[4]
PACK = """\
from types import SimpleNamespace as Any
RULES = [Any(name=name, level=Any(value="mandatory"), bounds=lambda _: {"memory": "512Mi"}) for name in ("a", "b")]
"""
NAMESPACE = Resource("kubernetes:core/v1:Namespace", "trading", {"kind": "Namespace", "metadata": {"name": "trading"}})
BREACH = Violation("pi-ceiling", "mandatory", "istiod", "too fat")
MESH = f"config:\n  pi-mesh:cluster: {{context: x}}\n  pi-mesh:istio: {{version: {NEWEST}}}\n"
VAULT = "pi-mesh:vault: {enabled: true, adress: https://vault.test"


def policies(folder: Path, config: str | None = None, pack: str = PACK) -> Checkout:
    files = {"PulumiPolicy.yaml": "", "__init__.py": "", "rules.py": pack}
    write_files(folder / "policies", {**files, **({"config/pi.json": config} if config else {})})
    return Checkout(folder, "pi", {})


@pytest.mark.parametrize(("config", "rule"), [
    (None, Rule("mandatory", {"memory": "512Mi"})),
    ({"a": "disabled"}, Rule("disabled", {"memory": "512Mi"})),
    ({"a": {"enforcementLevel": "advisory", "memory": "1Gi"}}, Rule("advisory", {"memory": "1Gi"})),
    ({"all": "advisory"}, Rule("advisory", {"memory": "512Mi"})),
])  # fmt: skip
def test_policy_config_sets_level_and_bounds_of_a_rule(tmp_path, config, rule, monkeypatch):
    shipped = json.dumps({"a": {"level": "mandatory", "bounds": {"memory": "512Mi"}}})
    monkeypatch.setattr(sides, "_run_in", lambda *_: Mock(returncode=0, stdout=shipped))
    assert sides.read_rules(policies(tmp_path, config and json.dumps(config))) == {"a": rule}


def test_the_pack_is_asked_for_its_rules(tmp_path):
    rule = Rule("mandatory", {"memory": "512Mi"})
    assert sides.read_rules(policies(tmp_path)) == {"a": rule, "b": rule}


def test_a_checkout_without_a_pack_has_no_rules(tmp_path):
    assert sides.read_rules(Checkout(tmp_path, "pi", {})) == {}


@pytest.mark.parametrize(("config", "pack", "says"), [
    ("{", PACK, r"policies/config/pi\.json is not a JSON object"),
    ("1", PACK, r"policies/config/pi\.json is not a JSON object"),
    (None, "1 / 0", "does not load: ZeroDivisionError"),
])  # fmt: skip
def test_rules_that_cannot_be_read_say_why(tmp_path, config, pack, says):
    with pytest.raises(RulesUnreadableError, match=says):
        sides.read_rules(policies(tmp_path, config, pack))


def opened(folder: Path, stack_file: str = "config: {}\n") -> sides.Side:
    (folder / "Pulumi.pi.yaml").write_text(stack_file)
    return sides.with_problems(sides.opened_side(folder, "pi", ""))


def test_a_refused_side_is_previewed_again_without_rules(tmp_path, monkeypatch):
    def preview(_, judge, *__) -> Intent:
        return Intent({}, violations=(BREACH,)) if judge else Intent({"urn": NAMESPACE})

    monkeypatch.setattr(engine, "preview", preview)
    side = sides.read_side(opened(tmp_path), Checkout(tmp_path, "pi", {}))
    assert side.intent.violations == (BREACH,)
    assert list(side.objects) == ["Namespace trading"]


@pytest.mark.parametrize(("stack_file", "error"), [
    ("config:\n  pi-mesh:istio: {version: 1\n  a: b: c\n", "Pulumi.pi.yaml: is not valid YAML: line 3"),
    pytest.param(f"config:\n  {VAULT}}}\n", "vault.adress: is not a setting; did", id="a stack of the CA alone"),
    pytest.param(f"{MESH}  {VAULT}}}\n", "vault.adress: is not a setting; did you", id="a mesh's CA in Vault"),
    pytest.param(f"{MESH}  pi-mesh:ca: {{sourc: pem}}\n", "ca.sourc: is not a setting; did", id="an owner's CA"),
    (MESH.replace(NEWEST, "1.20") + "  pi-mesh:ca: {source: pem}\n", "istio.version: 1.2: is a number in YAML"),
])  # fmt: skip
def test_settings_are_judged_with_the_ca_that_the_engine_does_not_get(tmp_path, monkeypatch, stack_file, error):
    monkeypatch.setattr(engine, "preview", None)
    assert sides.read_side(opened(tmp_path, stack_file)).intent.errors[0].startswith(error)


def test_an_encrypted_setting_is_no_problem(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "preview", lambda *_: engine.NOTHING)
    mesh = f"{MESH}  pi-mesh:vaultToken: {{secure: v1:x}}\n  {VAULT.replace('adress', 'address')}}}\n"
    assert [line for line in sides.read_side(opened(tmp_path, mesh)).intent.errors if "vaultToken" in line] == []


def test_a_program_of_the_pull_request_gets_nobodys_credentials(tmp_path, monkeypatch):
    for name in ("VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY", "PULUMI_ACCESS_TOKEN", "GH_TOKEN", "KUBECONFIG"):
        monkeypatch.setenv(name, "fabricated")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi"))
    write_files(tmp_path / "pulumi", {"credentials.json": "fabricated", "plugins/x": ""})
    (tmp_path / "side").mkdir()
    side = Checkout(tmp_path / "side", "pi-cluster", {})
    ask = "import json, os; print(json.dumps([dict(os.environ), os.listdir(os.environ['PULUMI_HOME'])]))"
    environment, pulumi_home = json.loads(sides._run_in(side, ask).stdout)
    assert not {"fabricated", str(tmp_path / "pulumi")} & {*environment.values()}
    assert (environment["KUBECONFIG"], pulumi_home) == (os.devnull, ["plugins"])
    with checkout.isolated(side.environment):
        assert "VAULT_TOKEN" not in os.environ
    assert os.environ["VAULT_TOKEN"] == "fabricated"
