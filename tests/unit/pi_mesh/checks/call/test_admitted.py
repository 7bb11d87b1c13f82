"""The AuthorizationPolicies of the called pods."""

from dataclasses import replace

import pytest

from pi_mesh.checks.call import admitted
from pi_mesh.values.traffic.authorization import DRY_RUN
from tests.support.own_calls import CLIENT, SERVER, access, doubts, make_call, policy, refusals

SHOP = {"from": [{"source": {"namespaces": ["shop"]}}]}
OTHERS = {"from": [{"source": {"namespaces": ["argocd"]}}]}
GETS = {"to": [{"operation": {"methods": ["GET"]}}]}


def test_a_deny_that_matches_refuses_the_call_and_is_named_before_any_allow():
    (first,) = refusals(make_call(access("ALLOW", SHOP, name="open"), access("DENY", SHOP, name="closed")))
    assert first == "AuthorizationPolicy trading/closed: denies the call; it names no manager"


def test_a_deny_of_some_requests_is_a_doubt():
    call = make_call(access("DENY", GETS))
    assert refusals(call) == []
    assert "AuthorizationPolicy trading/one: may deny the call" in doubts(call)[0]


def test_with_an_allow_for_others_nobody_else_is_admitted():
    (refusal,) = refusals(make_call(access("ALLOW", OTHERS, name="agent")))
    assert refusal == "AuthorizationPolicy trading/agent: has no rule that admits the caller"


def test_an_allow_without_rules_admits_nobody():
    assert "trading/nothing" in refusals(make_call(access("ALLOW", name="nothing")))[0]


def test_several_allows_are_named_together_and_one_that_matches_is_enough():
    two = (access("ALLOW", OTHERS, name="a"), access("ALLOW", name="b"))
    (refusal,) = refusals(make_call(*two))
    assert "AuthorizationPolicies trading/a, trading/b: have no rule that admits the caller" in refusal
    assert refusals(make_call(*two, access("ALLOW", SHOP, name="c"))) == []


def test_an_allow_of_some_requests_is_a_doubt():
    call = make_call(access("ALLOW", {**SHOP, **GETS}))
    assert (refusals(call), "may admit the call, and no other does" in doubts(call)[0]) == ([], True)


def test_a_policy_that_selects_all_labels_of_a_pod_applies_to_it_and_one_that_selects_others_does_not():
    for labels, refused in ((SERVER.labels, 1), ({**SERVER.labels, "version": "v2"}, 0)):
        closed = policy("AuthorizationPolicy", {"action": "DENY", "rules": [{}], "selector": {"matchLabels": labels}})
        assert len(refusals(make_call(closed))) == refused


def test_a_dry_run_refuses_nothing_and_a_provider_decides_by_itself():
    dry = access("DENY", {}, name="dry", annotations={DRY_RUN: "true"})
    assert refusals(make_call(dry)) == []
    assert "lets its provider decide" in doubts(make_call(access("CUSTOM", {})))[0]


def test_a_pod_without_a_sidecar_enforces_nothing():
    bare = replace(SERVER, containers=())
    assert refusals(make_call(access("DENY", {}), pods=(CLIENT, bare))) == []


def test_a_caller_in_plain_text_is_told_that_it_has_no_identity():
    plain = replace(CLIENT, containers=())
    found = refusals(make_call(access("ALLOW", SHOP), caller=plain))
    assert any("which has no identity: the caller has no sidecar" in one for one in found)


@pytest.mark.parametrize(
    ("server", "whom"), [(SERVER, "this caller"), (replace(SERVER, containers=()), "every caller")]
)
def test_a_call_that_nothing_refuses_is_admitted_with_every_other_where_nothing_enforces(server, whom):
    (found,) = admitted.check(make_call(access("ALLOW", SHOP), pods=(CLIENT, server)))
    assert found.message == f"the policies of the called pods admit {whom}"
