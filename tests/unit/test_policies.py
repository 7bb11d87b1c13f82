"""The pack as a whole: its metadata and its config files."""

import json
from pathlib import Path

import jsonschema
import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies import document
from policies.rules import RULES, chart_version
from tests.support.policy_resources import said

HELPERS = {"__init__", "rule", "callers", "looks_secret", "pi_parts", "quantity", "resource", "tree"}
PACK = Path(__file__).parents[2] / "policies"
CONFIGS = sorted((PACK / "config").glob("*.json"))


def test_every_file_of_the_folder_is_in_the_pack():
    files = {path.stem for path in (PACK / "rules").glob("*.py")} - HELPERS
    assert {rule.breaches.__module__.rsplit(".", 1)[-1] for rule in RULES} == files


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_says_what_holds_at_which_level_and_why(rule):
    description = rule.policy().description
    assert description == f"{rule.says} ({rule.level.value}: {rule.why})."
    assert min(len(rule.says), len(rule.why), len(rule.fix)) > 20


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_config_files_set_bounds_that_exist(path):
    schemas = {rule.name: rule.schema for rule in RULES}
    for name, bounds in json.loads(path.read_text()).items():
        jsonschema.validate(bounds, {"properties": schemas[name], "additionalProperties": False})


def test_the_lab_differs_from_the_pis_only_in_what_it_must():
    pis, lab = (json.loads((PACK / "config" / f"{name}.json").read_text()) for name in ("pi-cluster", "lab"))
    assert {name for name in lab if lab[name] != pis.get(name)} == {"arm64-placement", "chart-source"}
    assert pis.keys() <= lab.keys()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_defaults_keep_their_own_schema(rule):
    for name, schema in rule.schema.items():
        jsonschema.validate(rule.bounds(None)[name], schema)


def test_what_only_the_update_knows_is_not_judged_at_preview():
    with pytest.raises(UnknownValueError):
        said(chart_version.RULE, {"chart": "istiod", "version": UNKNOWN_STRING_VALUE})


def test_the_documentation_is_that_of_the_rules():
    assert document.PAGE.read_text() == document.page()


def test_only_a_rule_with_bounds_has_a_schema_for_them():
    for rule in RULES:
        schema = rule.for_engine()["config_schema"]
        assert (dict(schema.properties) if schema else {}) == dict(rule.schema)
