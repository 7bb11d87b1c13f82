"""The effects of AuthorizationPolicies in words."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify.access_rules import action_of, effect
from pi_mesh.cluster.policies import Policy

DEV = {"from": [{"source": {"namespaces": ["dev"]}}]}
ANYBODY = {"from": [{"source": {"namespaces": ["dev"]}}, {"source": {"principals": ["*"]}}]}
TO_X = {"to": [{"operation": {"paths": ["/x"]}}]}
WHEN = {"when": [{"key": "request.headers[x]", "values": ["y"]}]}
FOUR = [{"from": [{"source": {"namespaces": [name]}} for name in ("a", "b")]}, DEV, {**DEV, **TO_X}]
OPEN = "allows every call from everybody"
SOME = "allows some calls (by its `to` or `when`) from everybody"


def policy(action: str = "", *rules: dict, **spec: object) -> Policy:
    given = {"action": action} if action else {}
    return Policy("AuthorizationPolicy", "trading", "p", {**given, "rules": list(rules), **spec})


@pytest.mark.parametrize(
    ("rules", "level", "words"),
    [
        ([], Level.WARNING, "allows nothing, which other policies already refuse"),
        ([{}], Level.ERROR, OPEN),
        ([DEV, {}], Level.ERROR, OPEN),
        ([{**TO_X, **ANYBODY}, {}], Level.ERROR, OPEN),
        ([{"to": [{"operation": {"paths": ["/x"]}}, {"operation": {}}]}], Level.ERROR, OPEN),
        ([{"from": [{"source": {"ipBlocks": ["::/0"]}}]}], Level.ERROR, OPEN),
        ([{"from": [{"source": {"principals": ["*"], "notNamespaces": ["*"]}}]}], Level.WARNING, None),
        ([TO_X], Level.WARNING, SOME),
        ([WHEN], Level.WARNING, SOME),
        ([{**DEV, **TO_X}, {**ANYBODY, **WHEN}], Level.WARNING, SOME),
        ([DEV], Level.WARNING, "also lets in namespaces dev"),
        (FOUR, Level.WARNING, "also lets in namespaces a; namespaces b; namespaces dev and 1 more"),
        ([{"from": [None, {"source": {"namespaces": ["a", "b"]}}]}], Level.ERROR, OPEN),
    ],
)
def test_an_allow_beside_others_lets_in_more(rules, level, words):
    words = words or "also lets in principals *; notNamespaces *"
    assert effect(policy("ALLOW", *rules), guarded=True) == (level, words)


@pytest.mark.parametrize(
    ("rules", "level", "words"),
    [
        ([], Level.ERROR, "allows nothing, so it refuses every call"),
        ([{}], Level.WARNING, f"{OPEN}, and so will undo any default deny"),
        ([TO_X], Level.WARNING, SOME),
        ([DEV], Level.WARNING, "refuses all callers but namespaces dev"),
    ],
)
def test_the_only_allow_refuses_all_others(rules, level, words):
    assert effect(policy("", *rules), guarded=False) == (level, words)


@pytest.mark.parametrize(
    ("rules", "level", "words"),
    [
        ([], Level.OK, "denies nothing"),
        ([DEV, {}], Level.ERROR, "refuses every call"),
        ([TO_X], Level.WARNING, "refuses some calls (by its `to` or `when`) from everybody"),
        ([DEV, {**ANYBODY, **WHEN}], Level.WARNING, "refuses some calls (by its `to` or `when`) from everybody"),
        ([DEV, {**DEV, **TO_X}], Level.WARNING, "refuses calls from namespaces dev; namespaces dev"),
    ],
)
@pytest.mark.parametrize("guarded", [True, False])
def test_a_denial_refuses_its_callers_whatever_allows_them(rules, level, words, guarded):
    assert effect(policy("DENY", *rules), guarded) == (level, words)


def test_a_provider_decides_and_an_audit_only_logs():
    custom = policy("CUSTOM", DEV, provider={"name": "oauth"})
    assert effect(custom, guarded=True) == (Level.WARNING, "lets the provider oauth decide about calls")
    assert effect(policy("CUSTOM"), guarded=True) == (Level.WARNING, "lets the provider  decide about calls")
    assert effect(policy("AUDIT", {}), guarded=True) == (Level.OK, "only logs calls")


def test_a_policy_without_an_action_allows():
    assert [action_of(policy(action)) for action in ("", "DENY", "CUSTOM")] == ["ALLOW", "DENY", "CUSTOM"]
