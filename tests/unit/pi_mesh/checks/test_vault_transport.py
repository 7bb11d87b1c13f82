"""Warnings about an insecure connection to Vault, with the version that will refuse it."""

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.next_version import NEXT
from pi_mesh.checks.vault_transport import check
from tests.support.factories import make_settings


def found(**vault: object) -> list[Finding]:
    return [*check(make_settings(vault={"enabled": True, **vault}).vault)]


def test_plain_http_to_another_machine_is_told_with_the_key_that_takes_it():
    (finding,) = found(address="http://vault.example:8200")
    assert (finding.level, finding.name) == (Level.WARNING, "vault.address")
    assert finding.message.endswith(f"pi-mesh {NEXT} refuses it")
    assert "vault.allowHttp: true" in finding.fix
    assert found(address="http://vault.example:8200", allowHttp=True) == []


@pytest.mark.parametrize("value", ["1", "true", "T"])
def test_a_variable_that_switches_verification_off_is_told_where_there_is_something_to_verify(monkeypatch, value):
    monkeypatch.setenv("VAULT_SKIP_VERIFY", value)
    (finding,) = found(address="https://vault.example:8200")
    assert "VAULT_SKIP_VERIFY" in finding.message
    assert finding.message.endswith(f"pi-mesh {NEXT} refuses it")
    assert found(address="http://127.0.0.1:8200") == []


def test_a_verified_address_is_not_spoken_of():
    assert found(address="https://vault.example:8200") == []
