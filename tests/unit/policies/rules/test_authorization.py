"""The rule that access is given by name."""

from policies.rules import authorization
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
