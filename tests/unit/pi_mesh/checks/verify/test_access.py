"""The verification's findings about AuthorizationPolicies."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import access
from pi_mesh.checks.verify.access import access_effect, action_of
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import in_cluster, make_verification, with_policies

EVERYBODY = {"rules": [{}]}
FROM_DEV = {"from": [{"source": {"namespaces": ["dev"]}}]}


@pytest.fixture
def denied() -> Observation:
    """Return a mesh with the default deny, and a workload."""
    app = Pod("trading", "app-0", {"app": "app"}, containers=(Container("istio-proxy"),))
    mesh = make_mesh(traffic={"authorization": {"defaultDeny": {"enabled": True}}})
    return in_cluster(make_verification(mesh), pods=(app,))


def rogue(spec: dict, namespace: str = "trading", name: str = "rogue", **annotations: str) -> Policy:
    return Policy(
        "AuthorizationPolicy", namespace, name, spec, manager="Helm release shop/web", annotations=annotations
    )


def the(seen: Observation, policy: Policy) -> tuple[Level, str]:
    finding = next(access.check(with_policies(seen, policy)))
    return finding.level, f"{finding}"


def test_policies_that_the_settings_ask_for_are_one_row(denied):
    (row,) = access.check(denied)
    assert (row.level, row.number) == (Level.OK, 3)
    assert row.message == "3 policies are as the settings ask, and no other bears on this stack's workloads"


def audit(seen_dry_run: bool) -> list[Finding]:
    """Return the findings about an audit whose policies are in the cluster as a dry run or not."""
    mesh = make_mesh(traffic={"authorization": {"defaultDeny": {"audit": True}}})
    seen = make_verification(mesh)
    if not seen_dry_run:
        seen = replace(
            seen,
            policies=replace(seen.policies, objects=[replace(one, annotations={}) for one in seen.policies.objects]),
        )
    return [*access.check(seen)]


def test_the_policies_of_an_audit_are_as_the_settings_ask_while_they_are_not_enforced():
    (row,) = audit(seen_dry_run=True)
    assert (row.level, row.number) == (Level.OK, 3)


def test_a_policy_of_an_audit_that_is_enforced_is_an_error():
    first, *_ = audit(seen_dry_run=False)
    assert first.level is Level.ERROR
    assert "is enforced, and the settings ask for an audit" in first.message


def test_an_allow_all_beside_the_default_deny_is_named_with_its_workloads_and_manager(denied):
    level, line = the(denied, rogue(EVERYBODY))
    assert level is Level.ERROR
    assert line.startswith(
        "AuthorizationPolicy trading/rogue: allows every call from everybody; "
        "it selects 1 pod (trading/app-0); managed by Helm release shop/web; if it is not wanted, remove it from Helm"
    )


@pytest.mark.parametrize(
    "rule",
    [
        {"from": [{"source": {"principals": ["*"]}}]},
        {"from": [{"source": {"namespaces": ["*"]}}]},
        {"from": [{"source": {"ipBlocks": ["0.0.0.0/0"]}}]},
        {"from": [{"source": {}}]},
        {"to": [{"operation": {}}]},
    ],
)
def test_a_rule_that_names_anybody_is_an_allow_all(denied, rule):
    assert the(denied, rogue({"action": "ALLOW", "rules": [rule]}))[0] is Level.ERROR


@pytest.mark.parametrize(
    ("spec", "level", "says"),
    [
        ({"rules": [{"to": [{"operation": {"paths": ["/x"]}}]}]}, Level.WARNING, "allows some calls"),
        ({"rules": [FROM_DEV]}, Level.WARNING, "also lets in namespaces dev"),
        ({"action": "DENY", "rules": [{}]}, Level.ERROR, "refuses every call"),
        ({"action": "DENY", "rules": [FROM_DEV]}, Level.WARNING, "refuses calls from namespaces dev"),
        ({"action": "CUSTOM", "provider": {"name": "oauth"}, "rules": [{}]}, Level.WARNING, "provider oauth decide"),
        ({"action": "AUDIT", "rules": [{}]}, Level.OK, "3 policies are as the settings ask"),
        ({"action": "DENY"}, Level.OK, "3 policies are as the settings ask"),
    ],
)
def test_a_policy_of_others_is_judged_by_what_it_does(denied, spec, level, says):
    assert (the(denied, rogue(spec))[0], says in the(denied, rogue(spec))[1]) == (level, True)


@pytest.mark.parametrize(
    ("spec", "level", "says"),
    [
        ({}, Level.ERROR, "allows nothing, so it refuses every call"),
        ({"rules": [FROM_DEV]}, Level.WARNING, "refuses all callers but namespaces dev"),
        (EVERYBODY, Level.WARNING, "will undo any default deny"),
    ],
)
def test_an_allow_where_there_was_none_cuts_all_others(healthy, spec, level, says):
    assert (the(healthy, rogue(spec))[0], says in the(healthy, rogue(spec))[1]) == (level, True)


def test_a_policy_of_another_namespace_is_not_ours_to_judge(healthy):
    assert the(healthy, rogue({"action": "DENY", "rules": [{}]}, "shop"))[0] is Level.OK


def test_a_policy_of_the_root_namespace_selects_workloads_everywhere(denied):
    level, line = the(denied, rogue({"action": "DENY", "rules": [{}]}, "istio-system"))
    assert (level, "it selects 1 pod (trading/app-0)" in line) == (Level.ERROR, True)


def test_our_policy_with_a_rule_more_is_a_problem(denied):
    level, line = the(denied, rogue(EVERYBODY, name="default-deny"))
    assert level is Level.ERROR
    assert "trading/default-deny: is not as the settings ask: it now allows every call" in line


def test_our_policy_as_a_dry_run_is_not_enforced(denied):
    dry = replace(rogue({}, name="default-deny"), annotations={"istio.io/dry-run": "true"})
    level, line = the(denied, dry)
    assert (level, "Istio does not enforce it" in line) == (Level.ERROR, True)


def test_token_rules_of_others_are_named_with_their_issuers(healthy):
    tokens = Policy("RequestAuthentication", "trading", "jwt", {"jwtRules": [{"issuer": "https://id.example"}]})
    level, line = the(healthy, tokens)
    assert (level, "not valid for https://id.example" in line) == (Level.WARNING, True)


def test_what_may_not_be_listed_is_unknown(healthy):
    seen = replace(healthy, policies=replace(healthy.policies, unreadable=("AuthorizationPolicy",)))
    assert [finding.level for finding in access.check(seen)] == [Level.UNKNOWN]


@pytest.mark.parametrize(
    ("own", "level"),
    [
        ({"app": "app"}, Level.ERROR),
        ({"app": "other"}, Level.WARNING),
        ({"tier": "web"}, Level.ERROR),
        ({}, Level.ERROR),
    ],
)
def test_an_allow_all_is_grave_where_another_allow_may_hold_for_the_same_workloads(healthy, own, level):
    guard = rogue({"selector": {"matchLabels": own}, "rules": [FROM_DEV]}, name="guard")
    opening = rogue({"selector": {"matchLabels": {"app": "app"}}, **EVERYBODY})
    found = {one.name: one for one in access.check(with_policies(with_policies(healthy, guard), opening))}
    assert found["trading/rogue"].level is level


def test_no_policy_at_all_is_as_the_settings_ask(healthy):
    (row,) = access.check(healthy)
    assert row.number == 0
    assert row.message == "the settings ask for no policy, and no other bears on this stack's workloads"


def test_beside_a_warning_nothing_is_said_of_other_policies(healthy):
    *_, row = access.check(with_policies(healthy, rogue({"rules": [FROM_DEV]})))
    assert (row.level, row.message) == (Level.OK, "the settings ask for no policy")


def test_a_dry_run_of_others_is_nothing(healthy):
    dry = rogue({"action": "DENY", "rules": [{}]}, **{"istio.io/dry-run": "true"})
    assert the(healthy, dry)[0] is Level.OK
    refused = rogue({"action": "DENY", "rules": [{}]}, **{"istio.io/dry-run": "false"})
    assert the(healthy, refused)[0] is Level.ERROR


@pytest.mark.parametrize(
    ("namespace", "spec", "count"),
    [
        ("trading", {"jwtRules": [{"issuer": "https://login.example"}]}, 1),
        ("trading", {}, 0),
        ("elsewhere", {"jwtRules": [{"issuer": "https://login.example"}]}, 0),
    ],
    ids=["own", "no rules", "of others"],
)
def test_a_check_of_tokens_that_the_settings_do_not_ask_for_is_named_in_the_own_namespaces(
    denied, namespace, spec, count
):
    tokens = Policy("RequestAuthentication", namespace, "tokens", spec)
    found = [one for one in access.check(with_policies(denied, tokens)) if one.level is Level.WARNING]
    assert len(found) == count
    assert all("is not valid for https://login.example; it selects 1 pod" in one.message for one in found)


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
    assert access_effect(policy("ALLOW", *rules), guarded=True) == (level, words)


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
    assert access_effect(policy("", *rules), guarded=False) == (level, words)


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
    assert access_effect(policy("DENY", *rules), guarded) == (level, words)


def test_a_provider_decides_and_an_audit_only_logs():
    custom = policy("CUSTOM", DEV, provider={"name": "oauth"})
    assert access_effect(custom, guarded=True) == (Level.WARNING, "lets the provider oauth decide about calls")
    assert access_effect(policy("CUSTOM"), guarded=True) == (Level.WARNING, "lets the provider  decide about calls")
    assert access_effect(policy("AUDIT", {}), guarded=True) == (Level.OK, "only logs calls")


def test_a_policy_without_an_action_allows():
    assert [action_of(policy(action)) for action in ("", "DENY", "CUSTOM")] == ["ALLOW", "DENY", "CUSTOM"]
