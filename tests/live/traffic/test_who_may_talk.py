"""The allowed and denied calls between workloads."""

import pytest

from lab.calls import REFUSED, call, settled, status, statuses
from lab.workloads import CONTROL
from tests.live.traffic import cast
from tests.live.traffic.cast import rules

pytestmark = pytest.mark.usefixtures("workloads")

AGENT_POLICY = {
    "trading-agent-policy": {
        "selector": cast.AGENT,
        "rules": [
            {"namespaces": [cast.ARGOCD]},
            {"principals": [f"cluster.local/ns/{CONTROL}/sa/prometheus"], "ports": [8888]},
        ],
    }
}
"""The Ansible role's policy."""


def test_a_client_with_a_sidecar_reaches_the_server_over_mutual_tls(figure):
    answer = call(cast.CLIENT, f"{cast.APPLICATION_URL}/debug")
    assert answer.status == 200
    assert f"URI={cast.CLIENT.identity}" in answer.body
    figure("200; the server sees " + cast.CLIENT.identity)


def test_a_client_without_a_sidecar_is_refused(figure):
    seen = statuses(cast.OUTSIDER, cast.APPLICATION_URL, 20)
    assert seen == {-1: 20}
    figure("20 of 20 connections closed")


def test_a_legacy_workload_is_reached_with_and_without_a_sidecar(figure):
    with rules(legacy={"legacy-service-permissive": {"selector": cast.APP}}):
        assert settled(lambda: status(cast.OUTSIDER, cast.APPLICATION_URL), 200) == 200
        assert status(cast.CLIENT, cast.APPLICATION_URL) == 200
    assert settled(lambda: status(cast.OUTSIDER, cast.APPLICATION_URL), REFUSED) == REFUSED
    figure("200 and 200; refused again when the exception is gone")


def test_the_policy_of_the_agent_lets_argocd_in_and_prometheus_to_its_port_alone(figure):
    with rules(authorization={"policies": AGENT_POLICY}):
        assert settled(lambda: status(cast.CLIENT, cast.AGENT_URL), 403) == 403
        assert status(cast.DEPLOYER, cast.AGENT_URL) in (200, 202)
        assert status(cast.PROMETHEUS, cast.METRICS_URL) == 200
        assert status(cast.PROMETHEUS, cast.AGENT_URL) == 403
        assert status(cast.CLIENT, cast.METRICS_URL) == 403
        assert status(cast.CLIENT, cast.APPLICATION_URL) == 200
    figure("argocd 200; prometheus 200 on 8888, 403 else; trading 403")


def test_a_rule_for_a_path_holds_for_every_way_to_write_it(figure):
    denial = {"no-admin": {"selector": cast.APP, "action": "DENY", "rules": [{"paths": ["/admin*"]}]}}
    ways = ("/admin", "//admin", "/x/..//admin", "/%2Fadmin", "/%2fadmin", "/%5Cadmin")
    with rules(authorization={"policies": denial}):
        refused = dict.fromkeys(ways, 403)
        # Connections that the client's proxy holds are the application's former listener's until that is drained.
        seen = settled(lambda: {way: status(cast.CLIENT, f"{cast.APPLICATION_URL}{way}") for way in ways}, refused)
        assert seen == refused
        assert status(cast.CLIENT, f"{cast.APPLICATION_URL}/other") == 200
    figure(f"403 for {', '.join(ways)}; 200 for /other")


def test_the_default_deny_leaves_what_it_allows_and_nothing_else(figure):
    with rules(authorization={"defaultDeny": {"enabled": True}}, **cast.front_door()):
        assert settled(lambda: status(cast.DEPLOYER, cast.APPLICATION_URL), 403) == 403
        assert settled(lambda: status(cast.OUTSIDER, cast.INGRESS_URL), 200) == 200
        assert status(cast.CLIENT, cast.APPLICATION_URL) == 200
        assert status(cast.PROMETHEUS, cast.APPLICATION_URL) == 403
    figure("ingress gateway and trading 200; argocd and istio-system 403")
