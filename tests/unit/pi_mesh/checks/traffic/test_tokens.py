"""The findings about rules that need tokens."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.traffic.tokens import check
from tests.support.factories import make_settings
from tests.support.traffic_problems import of_settings

ISSUER = {"login": {"issuer": "https://login.example.org", "jwksUri": "https://login.example.org/jwks.json"}}
BY_TOKEN = {"requestPrincipals": ["https://login.example.org/*"]}
BY_CLAIM = {"when": [{"key": "request.auth.claims[groups]", "values": ["desk"]}]}


def found(rule: dict, tokens: dict) -> list:
    policy = {"p": {"rules": [{"paths": ["/open"]}, rule]}}
    return [*check(of_settings(make_settings(traffic={"authorization": {"policies": policy, "tokens": tokens}}), None))]


@pytest.mark.parametrize("rule", [BY_TOKEN, BY_CLAIM])
def test_a_rule_by_token_without_an_issuer_is_refused_by_its_number(rule):
    (finding,) = found(rule, {})
    assert finding.level is Level.ERROR
    assert str(finding.subject) == "traffic.authorization.policies.p.rules[1]"


def test_an_issuer_whose_tokens_no_rule_requires_is_told():
    (finding,) = found({"paths": ["/orders"]}, ISSUER)
    assert (finding.level, str(finding.subject)) == (Level.WARNING, "traffic.authorization.tokens")


@pytest.mark.parametrize("rule", [BY_TOKEN, BY_CLAIM])
def test_an_issuer_and_a_rule_by_token_are_fine(rule):
    assert found(rule, ISSUER) == []
