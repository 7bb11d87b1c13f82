"""The findings about rules by caller where callers have no identity."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import NEXT, Finding, Level
from pi_mesh.checks.traffic import plain_text_callers
from pi_mesh.checks.traffic.plain_text_callers import check_rules, check_scopes
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.pods import Container
from tests.support.factories import make_settings
from tests.support.snapshots import make_pod, make_snapshot
from tests.support.traffic_problems import AGENT, of_settings, problems

DENIAL = {"action": "DENY", "rules": [{"paths": ["/a"]}, {"namespaces": ["dev"]}]}
LEGACY = {"old": {"selector": {"legacy": "true"}}}


def found(policy: dict | None = None, snapshot=None, mode: str = "STRICT", **traffic: object) -> list[Finding]:
    rules = {"authorization": {"policies": {"p": policy}}} if policy else {}
    return [*check_rules(of_settings(make_settings(mtls={"mode": mode}, traffic={**rules, **traffic}), snapshot))]


@pytest.mark.parametrize("callers", [{"namespaces": ["dev"]}, {"principals": ["cluster.local/ns/dev/*"]}])
def test_a_denial_by_caller_in_a_permissive_mesh_is_told_with_the_version_that_refuses_it(callers):
    (finding,) = found({"action": "DENY", "rules": [callers]}, mode="PERMISSIVE")
    assert (finding.level, str(finding.subject)) == (Level.WARNING, "traffic.authorization.policies.p")
    assert "mtls.mode PERMISSIVE accepts plain text" in finding.message
    assert f"pi-mesh {NEXT} refuses it" in finding.message


def test_the_rules_that_do_nothing_are_named():
    (finding,) = found(DENIAL, mode="PERMISSIVE")
    assert "rules[1]" in finding.message
    assert "rules[0]" not in finding.message


@pytest.mark.parametrize(
    "policy",
    [
        {"action": "DENY", "rules": [{"paths": ["/admin"]}]},
        {"action": "ALLOW", "rules": [{"namespaces": ["dev"]}]},
    ],
)
def test_other_rules_work_in_plain_text_too(policy):
    assert found(policy, mode="PERMISSIVE") == []


def test_under_strict_a_denial_by_caller_works():
    assert found(DENIAL) == []


@pytest.mark.parametrize(
    ("selector", "problems"), [(None, 1), ({"legacy": "true", "app": "a"}, 1), ({"app": "a"}, 0), ({"legacy": "no"}, 0)]
)
def test_a_denial_is_judged_for_the_legacy_workloads_that_it_is_about(selector, problems):
    policy = {**DENIAL, **({"selector": selector} if selector else {})}
    assert len(found(policy, legacy=LEGACY)) == problems


@pytest.mark.parametrize(("namespace", "problems"), [("trading", 1), ("other", 0)])
def test_a_living_pod_shows_that_two_selectors_meet(namespace, problems):
    pod = make_pod("a", namespace=namespace, labels={"app": "a", "legacy": "true"})
    policy = {**DENIAL, "selector": {"app": "a"}}
    assert len(found(policy, make_snapshot(pods=(pod,)), legacy=LEGACY)) == problems


def test_legacy_callers_whom_the_default_deny_locks_out_are_a_warning():
    (finding,) = found(legacy=LEGACY, authorization={"defaultDeny": {"enabled": True}})
    assert (finding.level, str(finding.subject)) == (Level.WARNING, "traffic.legacy.old")
    assert NEXT not in finding.message


def test_an_allow_without_callers_lets_them_in():
    allow = {"selector": {"legacy": "true"}, "rules": [{"ports": [80]}]}
    authorization = {"defaultDeny": {"enabled": True}, "policies": {"p": allow}}
    assert found(legacy=LEGACY, authorization=authorization) == []


def test_several_rules_that_do_nothing_are_named_in_their_order():
    denial = {"action": "DENY", "rules": [{"namespaces": ["a"]}, {"paths": ["/a"]}, {"namespaces": ["b"]}]}
    (finding,) = found(denial, mode="PERMISSIVE")
    assert finding.message.startswith("denies by caller (rules[0], rules[2]), but mtls.mode PERMISSIVE accepts")


def test_a_policy_after_one_without_callers_is_judged_too():
    policies = {"a": {"action": "DENY", "rules": [{"paths": ["/a"]}]}, "b": DENIAL}
    (finding,) = found(mode="PERMISSIVE", authorization={"policies": policies})
    assert finding.name == "traffic.authorization.policies.b"


def test_no_pod_has_two_values_of_one_label():
    pod = make_pod("a", namespace="trading", labels={"legacy": "no", "app": "a"})
    policy = {**DENIAL, "selector": {"legacy": "no", "app": "a"}}
    assert found(policy, make_snapshot(pods=(pod,)), legacy=LEGACY) == []


@pytest.mark.parametrize(
    ("allow", "warnings"),
    [
        ({"rules": [{"ports": [80]}]}, 0),
        ({"selector": {"legacy": "true"}, "rules": [{"namespaces": ["dev"]}, {"ports": [80]}]}, 0),
        ({"selector": {"legacy": "true"}, "rules": [{"namespaces": ["dev"]}]}, 1),
        ({"selector": {"legacy": "no"}, "rules": [{"ports": [80]}]}, 1),
        ({"action": "DENY", "selector": {"legacy": "true"}, "rules": [{"ports": [80]}]}, 1),
    ],
)
def test_only_an_allow_of_the_workloads_own_lets_callers_without_identity_in(allow, warnings):
    authorization = {"defaultDeny": {"enabled": True}, "policies": {"p": allow}}
    assert len(found(legacy=LEGACY, authorization=authorization)) == warnings


ADMITS_TRADING = {"research": {"defaultDeny": {"enabled": True, "allowNamespaces": ["research", "trading"]}}}


def test_a_caller_that_does_not_know_the_called_namespace_is_told_to_add_it():
    (found,) = check_scopes(of_settings(make_settings(namespaces=ADMITS_TRADING), None))
    assert found.level is Level.WARNING
    assert str(found) == (
        "trading.sidecarScope: does not have research, whose rules admit trading: sidecars of trading would send these "
        'calls in plain text, without an identity; add "research/*"'
    )


@pytest.mark.parametrize(
    "trading",
    [
        {"sidecarScope": ["./*", "research/*"]},
        {"sidecarScope": ["*/*"]},
        {"sidecarScope": []},
        {"bounds": {"sidecar": False}},
    ],
)
def test_a_caller_that_knows_it_is_well(trading):
    assert list(check_scopes(of_settings(make_settings(trading=trading, namespaces=ADMITS_TRADING), None))) == []


def test_callers_of_other_namespaces_have_scopes_of_their_own():
    policy = {"namespace": "research", "rules": [{"namespaces": ["argocd"]}]}
    traffic = {"authorization": {"policies": {"argo": policy}}}
    assert list(check_scopes(of_settings(make_settings(namespaces={"research": {}}, traffic=traffic), None))) == []


def test_a_denial_admits_nobody():
    policy = {"namespace": "research", "action": "DENY", "rules": [{"namespaces": ["trading"]}]}
    traffic = {"authorization": {"policies": {"no": policy}}}
    assert list(check_scopes(of_settings(make_settings(namespaces={"research": {}}, traffic=traffic), None))) == []


def test_a_circuit_breaker_that_opens_for_no_pod_of_a_few_is_a_warning():
    found = problems({"destinations": {"breaker": {"service": AGENT, "circuitBreaker": {}}}, "canaries": {}})
    breaker = "traffic.destinations.breaker.circuitBreaker"
    assert [(one.level, str(one.subject)) for one in found] == [(Level.WARNING, breaker)]
    assert "fewer than 10" in found[0].message


def test_strict_names_the_pods_without_a_sidecar():
    bare = make_pod("legacy-feed", namespace="trading", owner="ReplicaSet/legacy-feed")
    meshed = replace(bare, name="new", containers=(Container("istio-proxy"),))
    elsewhere = replace(bare, name="outside", namespace="kube-system")
    found = problems(snapshot=make_snapshot(pods=(bare, meshed, elsewhere)))
    assert [(one.level, str(one.subject)) for one in found] == [(Level.WARNING, "pod trading/legacy-feed")]
    assert "restart its workload" in found[0].fix


def test_strict_looks_into_every_namespace_with_injection():
    snapshot = make_snapshot(
        namespaces=(Namespace("shop", {"istio-injection": "enabled"}),), pods=(make_pod("till", namespace="shop"),)
    )
    assert [str(one.subject) for one in problems(snapshot=snapshot)] == ["pod shop/till"]


def test_permissive_cuts_nobody_off():
    snapshot = make_snapshot(pods=(make_pod("legacy-feed", namespace="trading"),))
    assert problems(snapshot=snapshot, mtls={"mode": "PERMISSIVE"}) == []


def test_pods_that_we_may_not_list_are_unknown():
    found = problems(snapshot=make_snapshot(unreadable=("pods",)))
    assert [(one.level, str(one.subject)) for one in found] == [(Level.UNKNOWN, "mtls.mode")]


def test_pods_of_a_namespace_without_injection_are_meant_to_have_none():
    pod = make_pod("job", namespace="batch")
    settings = make_settings(namespaces={"batch": {"injection": False}})
    (found,) = plain_text_callers.check_sidecars(of_settings(settings, make_snapshot(pods=(pod,))))
    assert found.message == "every pod in trading has its sidecar"
