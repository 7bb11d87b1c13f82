"""Extra values that would undo typed settings."""

import pytest

from pi_mesh.values.owned import taken
from tests.support.factories import make_settings

TAKEN = {
    "a root namespace in which STRICT is not": ("istiod", {"meshConfig": {"rootNamespace": "elsewhere"}}),
    "no mutual TLS by itself": ("istiod", {"meshConfig": {"enableAutoMtls": False}}),
    "other retries": ("istiod", {"meshConfig": {"defaultHttpRetryPolicy": {"attempts": 3}}}),
    "applications that do not wait for their sidecar": (
        "istiod",
        {"meshConfig": {"defaultConfig": {"holdApplicationUntilProxyStarts": False}}},
    ),
    "another normalization of paths": ("istiod", {"meshConfig": {"pathNormalization": {"normalization": "NONE"}}}),
    "ports that sidecars look at": ("istiod", {"global": {"proxy": {"includeInboundPorts": "80"}}}),
    "ports that sidecars overlook": ("istiod", {"global": {"proxy": {"excludeInboundPorts": "80"}}}),
    "another image of istiod": ("istiod", {"pilot": {"image": "evil.example/pilot:1"}}),
    "another hub of istiod": ("istiod", {"pilot": {"hub": "evil.example"}}),
    "another image of sidecars": ("istiod", {"global": {"proxy": {"image": "evil.example/proxyv2:1"}}}),
    "another hub at the top": ("istiod", {"hub": "evil.example"}),
    "another hub among the chart's defaults": ("istiod", {"defaults": {"global": {"hub": "evil.example"}}}),
    "a revision that no label asks for": ("istiod", {"revision": "canary"}),
    "another name of the gateway": ("gateway", {"name": "other"}),
    "another label of the gateway": ("gateway", {"labels": {"istio": "other"}}),
    "another account of the gateway": ("gateway", {"serviceAccount": {"name": "other"}}),
    "another kind of workload": ("gateway", {"kind": "DaemonSet"}),
}


@pytest.mark.parametrize("case", TAKEN)
def test_a_key_that_a_typed_setting_owns_is_found(case):
    chart, extra = TAKEN[case]
    assert len([*taken(make_settings(), chart, "istio-ingressgateway", extra)]) == 1


def test_the_value_that_the_chart_has_anyway_takes_nothing():
    harmless = {"meshConfig": {"rootNamespace": "istio-system", "enableAutoMtls": True}}
    assert [*taken(make_settings(), "istiod", "istiod", harmless)] == []
    gateway = {"name": "istio-ingressgateway", "labels": {"istio": "ingressgateway", "team": "a"}, "kind": "Deployment"}
    assert [*taken(make_settings(), "gateway", "istio-ingressgateway", gateway)] == []


def test_values_that_no_setting_owns_are_free():
    lab = {"pilot": {"env": {"PILOT_ENABLE_ALPN_FILTER": "false"}}, "telemetry": {"enabled": False}}
    assert [*taken(make_settings(), "istiod", "istiod", lab)] == []
