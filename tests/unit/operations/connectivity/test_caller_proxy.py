"""The called Service as the caller's own proxy has it."""

from dataclasses import replace
from typing import Any

import pytest

from operations.connectivity import caller_proxy
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster import envoy_admin
from pi_mesh.cluster.port_forward import NotForwardedError
from tests.support.factories import make_settings
from tests.support.own_calls import CLIENT, make_call, policy

EJECTED = {"health_status": {"failed_outlier_check": True}}


def judged(monkeypatch: pytest.MonkeyPatch, hosts: Any, *policies: Any, **changes: Any) -> list[Finding]:
    def answer(context: str, namespace: str, pod: str, cluster: str) -> Any:
        assert (context, namespace, pod) == ("test", "shop", "client-0")
        assert cluster == "outbound|80||app.trading.svc.cluster.local"
        if isinstance(hosts, Exception):
            raise hosts
        return hosts

    monkeypatch.setattr(envoy_admin, "endpoints", answer)
    return list(caller_proxy.judged(make_settings(), make_call(*policies, **changes)))


@pytest.mark.parametrize(
    ("hosts", "level", "said"),
    [
        ([{}, EJECTED], Level.OK, "has 2 endpoints of trading/app:80, 1 of them healthy"),
        ([EJECTED, EJECTED], Level.ERROR, "has ejected every endpoint of trading/app:80 (outlier detection)"),
        ([], Level.ERROR, "has no endpoint of trading/app:80"),
        (None, Level.ERROR, "does not know trading/app:80"),
        (NotForwardedError("no kubectl"), Level.UNKNOWN, "was not asked: no kubectl"),
    ],
    ids=str,
)
def test_the_proxys_endpoints_are_told(monkeypatch, hosts, level, said):
    (finding,) = judged(monkeypatch, hosts)
    assert (str(finding.subject), finding.level, finding.message) == ("pod shop/client-0", level, said)


def test_a_proxy_that_is_none_or_does_not_learn_of_the_service_is_not_asked(monkeypatch):
    assert judged(monkeypatch, None, caller=replace(CLIENT, containers=())) == []
    assert judged(monkeypatch, None, service=None) == []
    scope = policy("Sidecar", {"egress": [{"hosts": ["./*"]}]}, "scope", "shop")
    assert judged(monkeypatch, None, scope) == []
