"""The rules of a side."""

import json
from pathlib import Path

import pytest
import yaml

from operations.pull_request import engine, sides
from operations.pull_request.engine import Checkout, Intent, Resource, Violation
from operations.pull_request.relaxations import Rule
from operations.pull_request.sides import RulesUnreadableError, Side

PACK = """\
from types import SimpleNamespace as Any
RULES = [Any(name=name, level=Any(value="mandatory"), bounds=lambda _: {"memory": "512Mi"}) for name in ("a", "b")]
"""


def side(tmp_path, config: str | None = None, pack: str = PACK) -> Checkout:
    policies = tmp_path / "policies"
    (policies / "config").mkdir(parents=True)
    for name, text in {"PulumiPolicy.yaml": "", "__init__.py": "", "rules.py": pack}.items():
        (policies / name).write_text(text)
    if config is not None:
        (policies / "config" / "pi.json").write_text(config)
    return Checkout(tmp_path, "pi", {})


def test_a_rule_without_config_is_as_it_ships(tmp_path):
    assert sides.read_rules(side(tmp_path))["a"] == Rule("mandatory", {"memory": "512Mi"})


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        ({"a": "disabled"}, Rule("disabled", {"memory": "512Mi"})),
        ({"a": {"enforcementLevel": "advisory", "memory": "1Gi"}}, Rule("advisory", {"memory": "1Gi"})),
        ({"all": "advisory"}, Rule("advisory", {"memory": "512Mi"})),
    ],
)
def test_policy_config_sets_level_and_bounds(tmp_path, config, rule):
    assert sides.read_rules(side(tmp_path, json.dumps(config)))["a"] == rule


def test_a_checkout_without_a_pack_has_no_rules(tmp_path):
    assert sides.read_rules(Checkout(tmp_path, "pi", {})) == {}


def test_config_that_is_no_json_is_named(tmp_path):
    with pytest.raises(RulesUnreadableError, match=r"policies/config/pi\.json is not a JSON object"):
        sides.read_rules(side(tmp_path, "{"))


def test_a_pack_that_does_not_load_says_why(tmp_path):
    with pytest.raises(RulesUnreadableError, match="does not load: ZeroDivisionError"):
        sides.read_rules(side(tmp_path, pack="1 / 0"))


ROOT = Path(__file__).parents[4]
STACK = "pi-cluster"
CONFIG = yaml.safe_load((ROOT / f"Pulumi.{STACK}.yaml").read_text())["config"]
TOTALS = {"pods": 3, "requests": "300m / 384Mi"}


def rows(folder: Path, exported: dict[str, object]) -> sides.Rows:
    return sides.read_budget(Checkout(folder, STACK, {}), CONFIG, [], exported)


def test_a_program_with_totals_as_its_output_calculates_its_rows():
    found = rows(ROOT, TOTALS)
    assert found["mesh"]["requests"] == "300m / 384Mi"
    assert found["room"].startswith("Room for 81 more sidecars on 3 empty Pis")


def test_an_older_program_has_its_rows_as_its_output():
    exported = {"istiod": {"pods": "1"}, "room": "Room."}
    assert rows(Path("/nowhere"), exported) is exported


@pytest.mark.parametrize("program", ["", "raise SystemExit('broken')"])
def test_a_program_that_can_not_be_asked_has_no_rows(tmp_path, program):
    (tmp_path / "pi_mesh.py").write_text(program)
    assert rows(tmp_path, TOTALS) == {}


NAMESPACE = Resource("kubernetes:core/v1:Namespace", "trading", {"kind": "Namespace", "metadata": {"name": "trading"}})
BREACH = Violation("pi-ceiling", "mandatory", "istiod", "too fat")


def side_of_checkout_side(tmp_path, stack_file: str = "config: {}\n", judge: Checkout | None = None) -> Side:
    folder = tmp_path / "side"
    folder.mkdir()
    (folder / "Pulumi.pi.yaml").write_text(stack_file)
    return sides.read_side(sides.opened_side(folder, "pi", ""), judge)


def test_a_refused_side_is_previewed_again_without_rules(tmp_path, monkeypatch):
    def preview(_, judge, *__) -> Intent:
        return Intent({}, {}, violations=(BREACH,)) if judge else Intent({"urn": NAMESPACE}, {})

    monkeypatch.setattr(engine, "preview", preview)
    found = side_of_checkout_side(tmp_path, judge=Checkout(tmp_path, "pi", {}))
    assert found.intent.violations == (BREACH,)
    assert list(found.objects) == ["Namespace trading"]


def test_a_stack_file_that_is_no_yaml_is_one_line(tmp_path):
    (error,) = side_of_checkout_side(tmp_path, "config:\n  pi-mesh:istio: {version: 1\n  a: b: c\n").intent.errors
    assert error == "Pulumi.pi.yaml, line 3: is not YAML: expected ',' or '}', but got ':'"


def test_a_stack_that_makes_the_ca_alone_is_not_run_but_its_settings_are_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "preview", None)
    found = side_of_checkout_side(
        tmp_path, "config:\n  pi-mesh:vault: {enabled: true, address: https://vault.test:8200, nonsense: 1}\n"
    )
    assert found.intent.errors == ("vault.nonsense: is not a setting; docs/config.md lists them all",)


def test_the_settings_of_a_mesh_are_judged_with_its_ca_that_the_engine_does_not_get(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "preview", None)
    (tmp_path / "Pulumi.pi.yaml").write_text(
        "config:\n  pi-mesh:cluster: {context: x}\n  pi-mesh:istio: {version: 1.20}\n"
        "  pi-mesh:vault: {enabled: true, adress: https://vault.test}\n  pi-mesh:vaultToken: {secure: v1:x}\n"
    )
    opened = sides.with_problems(sides.opened_side(tmp_path, "pi", ""))
    version, typo, *_ = sides.read_side(opened).intent.errors
    assert version.startswith("istio.version: 1.2: is a number in YAML")
    assert typo == "vault.adress: is not a setting; did you mean `address`?"


def test_a_ca_of_the_owners_is_judged_too(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "preview", None)
    (tmp_path / "Pulumi.pi.yaml").write_text(
        "config:\n  pi-mesh:cluster: {context: x}\n  pi-mesh:istio: {version: 1.31.0}\n  pi-mesh:ca: {sourc: pem}\n"
    )
    opened = sides.with_problems(sides.opened_side(tmp_path, "pi", ""))
    assert sides.read_side(opened).intent.errors == ("ca.sourc: is not a setting; did you mean `source`?",)


def test_rules_that_do_not_load_are_told(tmp_path):
    (tmp_path / "side" / "policies").mkdir(parents=True)
    (tmp_path / "side" / "policies" / "PulumiPolicy.yaml").write_text("")
    (tmp_path / "side" / "Pulumi.pi.yaml").write_text("config: {}")
    found = sides.read_side(sides.opened_side(tmp_path / "side", "pi", ""))
    assert found.rules == {}
    assert found.rules_problem is not None
    assert found.rules_problem.startswith("the policy pack does not load: ")
