"""Warnings about values that weaken typed settings, with the version that will refuse them."""

import pytest

from pi_mesh.checks.finding import NEXT
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.overridden_settings import check
from tests.support.factories import make_mesh
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told

HTTP = "http://vault.example:8200"
VAULT, CHARTS = {"enabled": True, "address": "https://vault.example:8200"}, {"certManager": {"charts": HTTP}}
TLS, ROOT = {"gateways": {"web": {"tls": {"secret": "x"}}}}, {"values": {"meshConfig": {"rootNamespace": "elsewhere"}}}
BROKER_TLS = {"protocol": "HTTP", "throughGateway": True, "tls": {"secret": "broker-client"}}
BROKER = {"external": {"broker": {"hosts": ["api.broker.example"], **BROKER_TLS}}}
PLAIN, SOON = f"{HTTP} is plain HTTP", f"…; pi-mesh {NEXT} refuses it; "


@table(
    case("the defaults", {}, []),
    case("an extra value that takes over a typed setting", {"istio": ROOT},
        [f"warning istio.values.meshConfig.rootNamespace: takes over what belongs to mtls.mode{SOON}remove it"]),
    case("charts over plain HTTP", {"charts": {"source": HTTP}}, [f"warning charts.source: {PLAIN}{SOON}"]),
    case("charts of addons over plain HTTP", {"observability": {"prometheus": {"enabled": True}, "charts": HTTP}},
        [f"warning observability.charts: {PLAIN}{SOON}"]),
    case("charts of cert-manager over plain HTTP", {"vault": {**VAULT, "key": "internal", **CHARTS}},
        [f"warning vault.certManager.charts: {PLAIN}{SOON}"]),
    case("charts from 127.0.0.1", {"charts": {"source": "http://127.0.0.1:8080/charts"}}, []),
    case("charts from localhost", {"charts": {"source": "http://localhost/charts"}}, []),
    case("charts from ::1", {"charts": {"source": "http://[::1]:80/charts"}}, []),
    case("Vault over HTTPS", {"vault": VAULT}, []),
    case("Vault over plain HTTP", {"vault": {**VAULT, "address": HTTP}},
        [f"warning vault.address: {PLAIN} to another machine{SOON}use https://, or set vault.allowHttp: true"]),
    case("Vault over plain HTTP that a setting takes", {"vault": {**VAULT, "address": HTTP, "allowHttp": True}}, []),
    case("a gateway with TLS, which may read all Secrets, and which no version refuses", {"traffic": TLS},
        ["warning traffic.gateways: has tls, …every Secret in istio-system, the CA's key among them; keep"]),
    case("a gateway with TLS in a namespace of its own", {"traffic": TLS, "ingress": {"namespace": "edge"}}, []),
    case("an egress gateway that shows a client certificate", {"traffic": BROKER},
        ["warning traffic.external: has tls, so that the egress gateway may read every Secret in istio-system"]),
    case("a gateway with TLS that is off", {"traffic": TLS, "ingress": {"enabled": False}}, []),
)  # fmt: skip
def test_what_weakens_a_typed_setting_is_told_with_its_key_and_the_version_that_refuses_it(settings, lines):
    assert_told(check(Observation(make_mesh(**settings), None)), *lines)


@pytest.mark.parametrize("value", ["1", "true", "T"])
def test_a_variable_that_switches_verification_off_is_told_where_there_is_something_to_verify(monkeypatch, value):
    monkeypatch.setenv("VAULT_SKIP_VERIFY", value)
    line = f"warning vault.address: …is not verified, because VAULT_SKIP_VERIFY is set{SOON}"
    assert_told(check(Observation(make_mesh(vault=VAULT), None)), line)
    assert_told(check(Observation(make_mesh(vault={**VAULT, "address": "http://127.0.0.1:8200"}), None)))
