"""The encryption of a call."""

from dataclasses import replace
from typing import Any

import pytest

from pi_mesh.checks.call import encrypted
from pi_mesh.cluster.policies import Policy
from tests.support.own_calls import CLIENT, SERVER, make_call, policy, refusals

BARE = replace(CLIENT, containers=())


def peer(mode: str, name: str = "own", ports: dict[str, Any] | None = None, **labels: str) -> Policy:
    spec: dict[str, Any] = {"mtls": {"mode": mode}}
    if labels:
        spec |= {"selector": {"matchLabels": labels}, "portLevelMtls": ports or {}}
    return policy("PeerAuthentication", spec, name)


def rule(tls: dict[str, Any], namespace: str = "trading", host: str = "app") -> Policy:
    return policy("DestinationRule", {"host": host, "trafficPolicy": {"tls": tls}}, "rule", namespace)


def test_a_caller_without_a_sidecar_is_refused_by_the_policy_that_is_in_force():
    assert refusals(make_call(caller=BARE)) == [
        "PeerAuthentication istio-system/default: is STRICT, and refuses the call's plain text: "
        "the caller has no sidecar"
    ]
    (own,) = refusals(make_call(peer("STRICT"), caller=BARE))
    assert own.startswith("PeerAuthentication trading/own:")


@pytest.mark.parametrize(
    "exception",
    [peer("PERMISSIVE"), peer("PERMISSIVE", app="app"), peer("UNSET", ports={"8080": {"mode": "DISABLE"}}, app="app")],
)
def test_a_narrower_policy_that_takes_plain_text_lets_it_in(exception):
    assert refusals(make_call(exception, caller=BARE)) == []


def test_the_mode_is_that_of_the_pods_port_and_not_of_the_services():
    closed = peer("PERMISSIVE", ports={"8080": {"mode": "STRICT"}}, app="app")
    assert "trading/own" in refusals(make_call(closed, caller=BARE))[0]
    assert refusals(make_call(peer("PERMISSIVE", ports={"80": {"mode": "STRICT"}}, app="app"), caller=BARE)) == []


def test_a_pod_without_a_sidecar_or_before_it_takes_plain_text():
    left_out = replace(SERVER, annotations={"traffic.sidecar.istio.io/excludeInboundPorts": "8080"})
    for pod in (replace(SERVER, containers=()), left_out):
        assert refusals(make_call(caller=BARE, pods=(CLIENT, pod))) == []


def test_a_destination_rule_that_turns_mutual_tls_off_is_named():
    (refusal,) = refusals(make_call(rule({"mode": "DISABLE"})))
    assert "is STRICT, and refuses the call's plain text: DestinationRule trading/rule has tls DISABLE" in refusal
    assert refusals(make_call(rule({"mode": "DISABLE"}, host="other"))) == []


@pytest.mark.parametrize("host", ["*", "*.local", "*.trading.svc.cluster.local"])
def test_a_destination_rule_of_a_wildcard_is_the_services_too(host):
    (refusal,) = refusals(make_call(rule({"mode": "DISABLE"}, host=host)))
    assert "DestinationRule trading/rule has tls DISABLE" in refusal


def test_the_callers_own_destination_rule_comes_before_that_of_the_service():
    own = rule({"mode": "ISTIO_MUTUAL"}, "shop", "app.trading.svc.cluster.local")
    assert refusals(make_call(rule({"mode": "DISABLE"}), own)) == []


def test_a_destination_rule_of_a_third_namespace_is_not_the_callers():
    assert refusals(make_call(rule({"mode": "DISABLE"}, "other", "app.trading.svc.cluster.local"))) == []


def test_mutual_tls_that_nobody_serves_is_refused():
    bare = replace(SERVER, containers=())
    (refusal,) = refusals(make_call(rule({"mode": "ISTIO_MUTUAL"}), pods=(CLIENT, bare)))
    assert refusal == "DestinationRule trading/rule: asks for mutual TLS, and pod app-0 has no sidecar"
    disabled = make_call(rule({"mode": "ISTIO_MUTUAL"}), peer("DISABLE"))
    assert "takes plain text alone" in refusals(disabled)[0]


def test_a_mesh_without_automatic_mutual_tls_calls_in_plain_text():
    assert "enableAutoMtls is false" in refusals(make_call(mesh_config={"enableAutoMtls": False}))[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "is no obstacle"),
        ({"caller": BARE, "pods": (CLIENT, replace(SERVER, containers=()))}, "is accepted in plain text, because the"),
    ],
)
def test_a_call_that_its_encryption_does_not_hinder_has_one_row(changes, message):
    (found,) = encrypted.check(make_call(**changes))
    assert found.message.startswith(message)


@pytest.mark.parametrize(
    ("caller", "fix"), [(BARE, "give the caller a sidecar"), (CLIENT, "correct what takes mutual TLS from the caller")]
)
def test_the_remedy_of_a_call_in_plain_text_depends_on_the_callers_sidecar(caller, fix):
    found = encrypted.check(make_call(rule({"mode": "DISABLE"}), caller=caller))
    assert next(found).fix.startswith(fix)


@pytest.mark.parametrize("host", ["*.example", "*.shop.svc.cluster.local"])
def test_a_destination_rule_of_another_wildcard_is_not_the_services(host):
    assert refusals(make_call(rule({"mode": "DISABLE"}, host=host))) == []


@pytest.mark.parametrize(("port", "refused"), [(80, 1), (81, 0), (8080, 0)])
def test_a_destination_rules_tls_of_the_called_port_counts_alone(port, refused):
    ports = [{"tls": {"mode": "DISABLE"}}, {"port": {"number": port}, "tls": {"mode": "DISABLE"}}]
    of_port = policy("DestinationRule", {"host": "app", "trafficPolicy": {"portLevelSettings": ports}})
    assert len(refusals(make_call(of_port))) == refused
