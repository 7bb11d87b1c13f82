"""Warnings about values that weaken typed settings, with the version that will refuse them."""

import pytest

from pi_mesh.checks.finding import NEXT, Finding
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.overridden_settings import check
from tests.support.factories import make_mesh

HTTP, HTTPS = "http://vault.example:8200", "https://vault.example:8200"
VAULT = {"enabled": True, "address": HTTPS}
SIGNER = {**VAULT, "key": "internal"}
ROOT = {"meshConfig": {"rootNamespace": "elsewhere"}}
TLS = {"gateways": {"web": {"tls": {"secret": "certificate"}}}}
PROMETHEUS = {"prometheus": {"enabled": True}}


def found(**settings: object) -> list[Finding]:
    return [*check(Observation(make_mesh(**settings), None))]


TOLD = {
    "an extra value that takes over a typed setting":
        ({"istio": {"values": ROOT}}, "istio.values.meshConfig.rootNamespace", "takes over what belongs to mtls.mode"),
    "charts over plain HTTP": ({"charts": {"source": HTTP}}, "charts.source", "is plain HTTP"),
    "charts of addons over plain HTTP":
        ({"observability": {**PROMETHEUS, "charts": HTTP}}, "observability.charts", "is plain HTTP"),
    "charts of cert-manager over plain HTTP":
        ({"vault": {**SIGNER, "certManager": {"charts": HTTP}}}, "vault.certManager.charts", "is plain HTTP"),
    "Vault over plain HTTP": ({"vault": {**VAULT, "address": HTTP}}, "vault.address", "to another machine"),
}  # fmt: skip


@pytest.mark.parametrize(("settings", "key", "words"), TOLD.values(), ids=TOLD)
def test_what_weakens_a_typed_setting_is_told_with_its_key_and_the_version_that_refuses_it(settings, key, words):
    (finding,) = found(**settings)
    assert (finding.level, finding.name) == ("warning", key)
    assert words in finding.message
    assert finding.message.endswith(f"pi-mesh {NEXT} refuses it")


@pytest.mark.parametrize("value", ["1", "true", "T"])
def test_a_variable_that_switches_verification_off_is_told_where_there_is_something_to_verify(monkeypatch, value):
    monkeypatch.setenv("VAULT_SKIP_VERIFY", value)
    (finding,) = found(vault=VAULT)
    assert (finding.level, finding.name) == ("warning", "vault.address")
    assert "VAULT_SKIP_VERIFY is set" in finding.message
    assert found(vault={**VAULT, "address": "http://127.0.0.1:8200"}) == []


def test_a_gateway_with_tls_may_read_all_secrets_and_this_is_told_without_a_version():
    (finding,) = found(traffic=TLS)
    assert (finding.level, finding.name) == ("warning", "traffic.gateways")
    assert "every Secret in istio-system, the CA's key among them" in finding.message
    assert NEXT not in finding.message


SAFE = {
    "the defaults": {},
    "charts from 127.0.0.1": {"charts": {"source": "http://127.0.0.1:8080/charts"}},
    "charts from localhost": {"charts": {"source": "http://localhost/charts"}},
    "charts from ::1": {"charts": {"source": "http://[::1]:80/charts"}},
    "Vault over HTTPS": {"vault": VAULT},
    "plain HTTP that a setting takes": {"vault": {**VAULT, "address": HTTP, "allowHttp": True}},
    "a gateway with TLS in a namespace of its own": {"traffic": TLS, "ingress": {"namespace": "edge"}},
    "a gateway with TLS that is off": {"traffic": TLS, "ingress": {"enabled": False}},
}


@pytest.mark.parametrize("settings", SAFE.values(), ids=SAFE)
def test_what_weakens_nothing_is_not_spoken_of(settings):
    assert found(**settings) == []
