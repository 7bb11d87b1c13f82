"""The rules of a side."""

import json

import pytest

from operations.preview import rule_set
from operations.preview.engine import Checkout
from operations.preview.rule_set import Rule, RulesUnreadableError

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
    assert rule_set.read(side(tmp_path))["a"] == Rule("mandatory", {"memory": "512Mi"})


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        ({"a": "disabled"}, Rule("disabled", {"memory": "512Mi"})),
        ({"a": {"enforcementLevel": "advisory", "memory": "1Gi"}}, Rule("advisory", {"memory": "1Gi"})),
        ({"all": "advisory"}, Rule("advisory", {"memory": "512Mi"})),
    ],
)
def test_policy_config_sets_level_and_bounds(tmp_path, config, rule):
    assert rule_set.read(side(tmp_path, json.dumps(config)))["a"] == rule


def test_a_checkout_without_a_pack_has_no_rules(tmp_path):
    assert rule_set.read(Checkout(tmp_path, "pi", {})) == {}


def test_config_that_is_no_json_is_named(tmp_path):
    with pytest.raises(RulesUnreadableError, match=r"policies/config/pi\.json is not a JSON object"):
        rule_set.read(side(tmp_path, "{"))


def test_a_pack_that_does_not_load_says_why(tmp_path):
    with pytest.raises(RulesUnreadableError, match="does not load: ZeroDivisionError"):
        rule_set.read(side(tmp_path, pack="1 / 0"))
