"""The last screen of `make up`."""

import subprocess

import pytest

from lab import summary
from tests.support.versions import NEWEST

RELEASES = ("istio-base", "istiod", "istio-ingressgateway", "istio-egressgateway")
BUDGET = {"pods": 3, "requests": "300m / 384Mi", "limits": "1500m / 768Mi", "sidecars": 81}
OUTPUTS = {"istioVersion": NEWEST, "mutualTls": "STRICT", "tradingNamespace": "trading", "budget": BUDGET}
OUTPUTS["releases"] = dict.fromkeys(RELEASES, "deployed")


def screen(address: str) -> str:
    return "\n".join(summary.lines(OUTPUTS, address))


def test_it_says_what_is_installed_where_it_answers_and_what_to_type_next():
    shown = screen("http://127.0.0.1:40001")
    assert f"Istio {NEWEST} is up on 3 nodes and verified." in shown
    assert "istio-base, istiod" in shown
    assert "ingress     http://127.0.0.1:40001" in shown
    assert "room for 81 more sidecars" in shown
    assert all(command in shown for command in ("make demo", ". .lab/env", "make down"))


def test_it_fits_on_half_a_screen_of_80_columns_by_24_lines():
    shown = screen("http://127.0.0.1:40001").splitlines()
    assert len(shown) <= 12
    assert max(map(len, shown)) <= 80


def test_a_gateway_that_is_switched_off_is_called_so():
    assert "ingress     switched off" in screen("")


@pytest.mark.parametrize("status", [1, 255])
def test_where_pulumi_can_not_be_asked_its_status_is_the_commands_own(monkeypatch, status):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess("", status, ""))
    assert summary.main() == status


@pytest.mark.parametrize(("services", "address"), [
    pytest.param([{"spec": {"clusterIP": "10.96.0.7"}}], "http://127.0.0.1:40001", id="whatever its type"),
    pytest.param([], "", id="nowhere without a gateway"),
])  # fmt: skip
def test_the_address_leads_to_the_gateways_service(monkeypatch, services, address):
    monkeypatch.setattr(summary, "get", lambda *_: {"items": services})
    ports = {("ingress", "10.96.0.7:80"): 40001}
    monkeypatch.setattr(summary.forward, "keep", lambda *asked: ports[asked])
    assert summary.ingress_url() == address
