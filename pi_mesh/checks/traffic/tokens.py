"""Rules about tokens need an issuer whose tokens are verified, and an issuer needs a rule that requires a token."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, error, setting, warning
from pi_mesh.checks.observation import Observation

ID = "tokens"


def check(observation: Observation) -> Iterator[Finding]:
    authorization = observation.settings.traffic.authorization
    required = False
    for name, policy in authorization.policies.items():
        for number, rule in enumerate(policy.rules):
            required = required or rule.needs_token
            if rule.needs_token and not authorization.tokens:
                message = "matches no request: no issuer of tokens is declared, so no token is verified"
                where = setting(f"traffic.authorization.policies.{name}.rules[{number}]")
                yield error(ID, where, message, "declare the issuer in traffic.authorization.tokens")
    if authorization.tokens and not required:
        message = "verify tokens, and no policy requires one: requests without a token pass"
        fix = 'give a rule of an ALLOW policy requestPrincipals, such as ["ISSUER/*"]'
        yield warning(ID, setting("traffic.authorization.tokens"), message, fix)
