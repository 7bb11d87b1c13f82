"""The findings about rules that need tokens."""

from pi_mesh.checks.traffic.tokens import check
from tests.support.factories import make_settings
from tests.support.findings import assert_lines, case, table
from tests.support.traffic_problems import of_settings

ISSUER = {"login": {"issuer": "https://login.example.org", "jwksUri": "https://login.example.org/jwks.json"}}
BY_TOKEN = {"requestPrincipals": ["https://login.example.org/*"]}
BY_CLAIM = {"when": [{"key": "request.auth.claims[groups]", "values": ["desk"]}]}
BY_NUMBER = "ERROR traffic.authorization.policies.p.rules[1]: "


@table(
    case("a token without an issuer", BY_TOKEN, {}, BY_NUMBER),
    case("a claim without an issuer", BY_CLAIM, {}, BY_NUMBER),
    case("an issuer without a rule", {"paths": ["/orders"]}, ISSUER, "WARNING traffic.authorization.tokens: "),
    case("an issuer and a token", BY_TOKEN, ISSUER, ""),
    case("an issuer and a claim", BY_CLAIM, ISSUER, ""),
)
def test_rules_by_token_and_issuers_need_each_other(rule, tokens, line):
    authorization = {"policies": {"p": {"rules": [{"paths": ["/open"]}, rule]}}, "tokens": tokens}
    assert_lines(check(of_settings(make_settings(traffic={"authorization": authorization}))), line)
