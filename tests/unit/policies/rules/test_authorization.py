"""The rule that access is given by name."""

import pytest

from policies.rules import authorization
from tests.support import awaited
from tests.support.policy_resources import kubernetes, said

SECURITY, NETWORKING = "security.istio.io/v1beta1", "networking.istio.io/v1beta1"


def policy(*rules: dict, action: str = "ALLOW") -> dict:
    return kubernetes(SECURITY, "AuthorizationPolicy", "agent", {"action": action, "rules": list(rules)})


FROM_ARGOCD = {"from": [{"source": {"namespaces": ["argocd"]}}]}


def test_an_empty_allow_rule_is_refused():
    (message,) = said(authorization.RULE, policy(FROM_ARGOCD, {}))
    assert message.startswith("AuthorizationPolicy agent: rule 1 is empty and allows everybody everything. Fix:")


def test_a_wildcard_principal_is_refused():
    (message,) = said(authorization.RULE, policy({"from": [{"source": {"principals": ["*"]}}]}))
    assert message.startswith("AuthorizationPolicy agent: rule 0 allows the principal *")


def test_any_signed_in_user_may_be_allowed():
    assert said(authorization.RULE, policy({"from": [{"source": {"requestPrincipals": ["*"]}}]})) == []


def test_a_deny_policy_may_name_everybody():
    assert said(authorization.RULE, policy({}, action="DENY")) == []


ANYBODY = {
    "no caller at all": {"to": [{"operation": {"paths": ["*"]}}]},
    "every namespace": {"from": [{"source": {"namespaces": ["*"]}}]},
    "every account": {"from": [{"source": {"principals": ["*/ns/*"]}}]},
    "every account of the trust domain": {"from": [{"source": {"principals": ["cluster.local/*"]}}]},
    "everybody but one": {"from": [{"source": {"notPrincipals": ["cluster.local/ns/x/sa/x"]}}]},
    "every address": {"from": [{"source": {"ipBlocks": ["0.0.0.0/0"]}}]},
    "an empty source": {"from": [{}]},
}


@awaited.safe("M11 only the principal * is taken for everybody")
@pytest.mark.parametrize("case", ANYBODY)
def test_a_rule_that_names_no_caller_is_refused(case):
    assert said(authorization.RULE, policy(ANYBODY[case])) != []
