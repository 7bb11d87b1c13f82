"""The documented policy for Vault, which allows every request of the program and nothing else."""

import pytest

from tests.support import vault_policy
from tests.support.vault_contract import asked

POLICY = vault_policy.FILE.read_text()
OF_THE_PROGRAM = "read auth/token/lookup-self"
"""The one request of the program itself with its token; tests/live/vault/alone watches it."""
GRANTS = sorted(vault_policy.grants(POLICY))
BOUNDED = [rule for rule in vault_policy.rules(POLICY) if rule.allowed and "*" not in rule.allowed]


def test_the_policy_grants_what_the_plugin_and_the_program_call_and_nothing_else():
    assert {*asked(), OF_THE_PROGRAM} == set(GRANTS)


@pytest.mark.parametrize("grant", GRANTS)
def test_a_grant_that_is_taken_away_is_missed(grant: str):
    assert set(GRANTS) - vault_policy.grants(vault_policy.without(POLICY, grant)) == {grant}


@pytest.mark.parametrize("rule", BOUNDED, ids=lambda rule: rule.path)
def test_where_parameters_are_bounded_exactly_those_that_the_plugin_sends_are_allowed(rule: vault_policy.Rule):
    sent = asked()[f"update {rule.path}"]
    assert set(rule.allowed) == set(sent)
    assert {name for name, values in rule.allowed.items() if values and sent[name] not in values} == set()


def test_the_signature_is_bounded_to_a_name_a_life_and_a_request_that_decides_nothing():
    (signing,) = (rule for rule in BOUNDED if rule.path == "pki/root/sign-intermediate")
    assert signing.allowed["common_name"] == ["Istio Intermediate CA"]
    assert signing.allowed["ttl"] == ["8760h"]
    assert signing.allowed["use_csr_values"] == [False]
    assert set(signing.required) == {"csr", "common_name", "ttl", "max_path_length"}
