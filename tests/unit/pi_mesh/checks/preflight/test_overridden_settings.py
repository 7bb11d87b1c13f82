"""Warnings about values that weaken typed settings, with the version that will refuse them."""

import pytest

from pi_mesh.checks.finding import NEXT, Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.overridden_settings import check, check_vault_transport
from tests.support.factories import make_mesh, make_settings

VAULT = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}
OFF = {"enabled": False}
HTTP = "http://charts.example"
TLS = {"gateways": {"web": {"tls": {"secret": "certificate"}}}}


def found(**settings: object) -> list[Finding]:
    return [*check(Observation(make_mesh(**settings), None))]


def test_a_mesh_as_its_settings_say_is_not_spoken_of():
    assert found() == []


def test_an_extra_value_that_takes_over_a_typed_setting_is_told_with_its_key():
    (finding,) = found(istio={"values": {"meshConfig": {"rootNamespace": "elsewhere"}}})
    assert (finding.level, str(finding.subject)) == (Level.WARNING, "istio.values.meshConfig.rootNamespace")
    assert "mtls.mode" in finding.message
    assert finding.message.endswith(f"pi-mesh {NEXT} refuses it")


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"charts": {"source": HTTP}}, "charts.source"),
        ({"observability": {"prometheus": {"enabled": True}, "charts": HTTP}}, "observability.charts"),
        ({"vault": {**VAULT, "certManager": {"charts": HTTP}}}, "vault.certManager.charts"),
    ],
)
def test_charts_over_plain_http_are_told_once_for_each_source(settings, key):
    (finding,) = found(**settings)
    assert (finding.level, str(finding.subject)) == (Level.WARNING, key)
    assert f"pi-mesh {NEXT} refuses it" in finding.message


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:80"])
def test_charts_from_this_machine_may_come_over_plain_http(host):
    assert found(charts={"source": f"http://{host}/charts"}) == []


def test_a_gateway_with_tls_may_read_all_secrets_and_this_is_told():
    (finding,) = found(traffic=TLS)
    assert (finding.level, str(finding.subject)) == (Level.WARNING, "traffic.gateways")
    assert "every Secret in istio-system, the CA's key among them" in finding.message
    assert NEXT not in finding.message


def test_a_gateway_in_a_namespace_of_its_own_reads_nothing_of_the_ca():
    assert found(traffic=TLS, ingress={"namespace": "edge"}) == []


def test_a_gateway_that_is_off_reads_nothing():
    assert found(traffic=TLS, ingress=OFF) == []


def found_of_vault_transport(**vault: object) -> list[Finding]:
    return [*check_vault_transport(make_settings(vault={"enabled": True, **vault}).vault)]


def test_plain_http_to_another_machine_is_told_with_the_key_that_takes_it():
    (finding,) = found_of_vault_transport(address="http://vault.example:8200")
    assert (finding.level, finding.name) == (Level.WARNING, "vault.address")
    assert finding.message.endswith(f"pi-mesh {NEXT} refuses it")
    assert "vault.allowHttp: true" in finding.fix
    assert found_of_vault_transport(address="http://vault.example:8200", allowHttp=True) == []


@pytest.mark.parametrize("value", ["1", "true", "T"])
def test_a_variable_that_switches_verification_off_is_told_where_there_is_something_to_verify(monkeypatch, value):
    monkeypatch.setenv("VAULT_SKIP_VERIFY", value)
    (finding,) = found_of_vault_transport(address="https://vault.example:8200")
    assert "VAULT_SKIP_VERIFY" in finding.message
    assert finding.message.endswith(f"pi-mesh {NEXT} refuses it")
    assert found_of_vault_transport(address="http://127.0.0.1:8200") == []


def test_a_verified_address_is_not_spoken_of():
    assert found_of_vault_transport(address="https://vault.example:8200") == []
