"""The rule that no secret stands in Helm values."""

import pytest

from policies.rules import secrets_in_values
from tests.support.policy_resources import gateway, istiod, said

LONG = "A" * 40


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("-----BEGIN EC PRIVATE KEY-----\nMHc", "a private key"),
        (f"hvs.{LONG}", "a Vault token"),
        (f"Bearer eyJ{LONG}.eyJ{LONG}.{LONG}", "a signed web token"),
        ("AKIA" + "B" * 16, "an AWS access key"),
        (f"ghp_{LONG}", "a GitHub token"),
    ],
)
def test_a_value_that_looks_secret_is_refused_without_being_repeated(value, what):
    (message,) = said(secrets_in_values.RULE, istiod(values__meshConfig__note=[value]))
    assert message.startswith(f"meshConfig.note[0] holds {what}. Fix:")
    assert value not in message


def test_a_key_that_names_a_secret_is_refused():
    (message,) = said(secrets_in_values.RULE, gateway(values__adminPassword="fox"))
    assert message.startswith("adminPassword is set")


def test_the_name_of_a_secret_may_stand_in_values():
    assert said(secrets_in_values.RULE, gateway(values__existingSecret="grafana", values__tokenAudience="x")) == []
