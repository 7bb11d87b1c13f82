"""The relaxations in a pull request."""

import pytest

from operations.preview import relaxations
from operations.preview.relaxations import Relaxations
from operations.preview.rule_set import Rule

CEILING = Rule("mandatory", {"memory": "512Mi", "allowed": ["a"]})


def of_rule(after: Rule | None) -> list[str]:
    """Return the relaxations of the rule `ceiling`, beside one that stays."""
    others = {"other": Rule("mandatory", {})}
    found = relaxations.of_rules({"ceiling": CEILING, **others}, {**({"ceiling": after} if after else {}), **others})
    assert set(found) <= {"ceiling"}
    return [line for lines in found.values() for line in lines]


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (None, "Rule `ceiling` is deleted."),
        (Rule("advisory", CEILING.bounds), "Rule `ceiling` is advisory, no longer mandatory."),
        (Rule("disabled", {}), "Rule `ceiling` is disabled, no longer mandatory."),
        (
            Rule("mandatory", {**CEILING.bounds, "memory": "1Gi"}),
            "Rule `ceiling`: `memory` `512Mi` → `1Gi` (+100%)",
        ),
        (Rule("mandatory", {**CEILING.bounds, "allowed": ["a", "b"]}), "Rule `ceiling`: `allowed` `[a]` → `[a, b]`"),
    ],
)
def test_a_rule_that_forbids_less_is_told(after, line):
    assert of_rule(after) == [line]


@pytest.mark.parametrize("after", [CEILING, Rule("mandatory", {**CEILING.bounds, "memory": "256Mi"})])
def test_a_rule_that_forbids_as_much_or_more_is_not_told(after):
    assert of_rule(after) == []


def test_a_stricter_level_is_no_relaxation():
    assert relaxations.of_rules({"a": Rule("advisory", {})}, {"a": Rule("mandatory", {})}) == {}


def test_a_deleted_pack_relaxes_every_rule_in_one_line():
    found = Relaxations(relaxations.of_rules({"a": CEILING, "b": CEILING}, {}))
    assert len(found.rules) == 2
    assert found.lines == ("The policy pack is deleted, and with it 2 rules.",)


def config(**branches: object) -> dict[str, object]:
    needed = {"cluster": {"context": "pi"}, "istio": {"version": "1.31.0"}}
    return {f"pi-mesh:{name}": value for name, value in {**needed, **branches}.items()}


def test_a_protecting_setting_that_goes_back_to_a_weaker_default_counts():
    strict = config(proxy={"outboundTraffic": "REGISTRY_ONLY"})
    assert relaxations.of_settings(strict, config()) == (
        "`proxy.outboundTraffic` `REGISTRY_ONLY` → `ALLOW_ANY`: workloads may call any host.",
    )
    assert relaxations.of_settings(config(), strict) == ()


def test_settings_that_are_refused_are_still_compared():
    after = config(mtls={"mode": "PERMISSIVE"}, nonsense=1)
    assert [line.split()[0] for line in relaxations.of_settings(config(mtls={"mode": "STRICT"}), after)] == [
        "`mtls.mode`"
    ]


def test_a_new_stack_relaxes_nothing():
    assert relaxations.of_settings({}, config(mtls={"mode": "PERMISSIVE"})) == ()


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("policies/rules/mtls.py", "`policies/rules/mtls.py` changes: review what its rule forbids now"),
        ("operations/preview/comment.py", "the changed program wrote this comment"),
        (".github/workflows/preview.yml", "the changed program wrote this comment"),
    ],
)
def test_a_change_of_what_judges_or_tells_is_told(file, says):
    (line,) = relaxations.of_code(["README.md", file])
    assert says in line


def test_a_weaker_setting_of_a_further_namespace_is_told_with_its_key():
    before, after = config(namespaces={"research": {}}), config(namespaces={"research": {"injection": False}})
    assert relaxations.of_settings(before, after) == (
        "`namespaces.research.injection` `true` → `false`: new pods get no sidecar.",
    )


def test_a_new_namespace_relaxes_nothing():
    assert relaxations.of_settings(config(), config(namespaces={"research": {"injection": False}})) == ()


@pytest.mark.parametrize(
    ("before", "after", "lower"),
    [("1Gi", "1Mi", True), ("1Gi", "1024Mi", False), ("1Mi", "1Gi", False), ("a", "b", False)],
)
def test_only_an_amount_that_falls_is_lower(before, after, lower):
    assert relaxations._is_lower(before, after) is lower
