"""The encryption of a call."""

from dataclasses import replace
from typing import Any

import pytest

from pi_mesh.checks.call import security
from pi_mesh.checks.call.call import Callee
from pi_mesh.checks.call.security import Match, Rules
from pi_mesh.cluster.policies import Policy
from pi_mesh.values.traffic.authorization import DRY_RUN
from tests.support.own_calls import CLIENT, SERVER, TCP, access, doubts, make_call, policy, refusals

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
    (found,) = security.check_encryption(make_call(**changes))
    assert found.message.startswith(message)


@pytest.mark.parametrize(
    ("caller", "fix"), [(BARE, "give the caller a sidecar"), (CLIENT, "correct what takes mutual TLS from the caller")]
)
def test_the_remedy_of_a_call_in_plain_text_depends_on_the_callers_sidecar(caller, fix):
    found = security.check_encryption(make_call(rule({"mode": "DISABLE"}), caller=caller))
    assert next(found).fix.startswith(fix)


@pytest.mark.parametrize("host", ["*.example", "*.shop.svc.cluster.local"])
def test_a_destination_rule_of_another_wildcard_is_not_the_services(host):
    assert refusals(make_call(rule({"mode": "DISABLE"}, host=host))) == []


@pytest.mark.parametrize(("port", "refused"), [(80, 1), (81, 0), (8080, 0)])
def test_a_destination_rules_tls_of_the_called_port_counts_alone(port, refused):
    ports = [{"tls": {"mode": "DISABLE"}}, {"port": {"number": port}, "tls": {"mode": "DISABLE"}}]
    of_port = policy("DestinationRule", {"host": "app", "trafficPolicy": {"portLevelSettings": ports}})
    assert len(refusals(make_call(of_port))) == refused


def match(rule: dict[str, Any], identified: bool = True, denies: bool = False, **changes: Any) -> Match:
    return Rules(make_call(**changes), Callee(SERVER, 8080), identified).match(rule, denies)


def source(**fields: list[str]) -> dict[str, Any]:
    return {"from": [{"source": fields}]}


def to(**fields: list[str]) -> dict[str, Any]:
    return {"to": [{"operation": fields}]}


def when(key: str, **fields: list[str]) -> dict[str, Any]:
    return {"when": [{"key": key, **fields}]}


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ({}, Match.YES),
        (source(namespaces=["shop"]), Match.YES),
        (source(namespaces=["other", "sh*"]), Match.YES),
        (source(namespaces=["other"]), Match.NO),
        (source(notNamespaces=["shop"]), Match.NO),
        (source(notNamespaces=["other"]), Match.YES),
        (source(principals=["cluster.local/ns/shop/sa/buyer"]), Match.YES),
        (source(principals=["*/ns/shop/sa/buyer"]), Match.YES),
        (source(principals=["*"]), Match.YES),
        (source(principals=["*/sa/seller"]), Match.NO),
        (source(principals=["cluster.local/ns/shop/sa/seller"]), Match.NO),
        (source(namespaces=["oth*"]), Match.NO),
        (source(serviceAccounts=["shop/buyer"]), Match.YES),
        (source(serviceAccounts=["buyer"]), Match.NO),
        (source(ipBlocks=["10.0.0.0/24"]), Match.YES),
        (source(ipBlocks=["10.9.0.0/24"]), Match.NO),
        (source(notIpBlocks=["10.0.0.1"]), Match.NO),
        (source(requestPrincipals=["*"]), Match.SOME),
        (source(namespaces=["other"], requestPrincipals=["*"]), Match.NO),
        ({"from": [{"source": {"namespaces": ["other"]}}, {"source": {"namespaces": ["shop"]}}]}, Match.YES),
        (to(ports=["8080"]), Match.YES),
        (to(ports=["80"]), Match.NO),
        (to(notPorts=["8080"]), Match.NO),
        (to(methods=["GET"]), Match.SOME),
        (to(ports=["80"], methods=["GET"]), Match.NO),
        ({**source(namespaces=["shop"]), **to(ports=["80"])}, Match.NO),
        (when("source.namespace", values=["shop"]), Match.YES),
        (when("source.namespace", notValues=["shop"]), Match.NO),
        (when("source.principal", values=["cluster.local/ns/shop/*"]), Match.YES),
        (when("source.ip", values=["10.9.0.0/16"]), Match.NO),
        (when("destination.ip", values=["10.0.0.2"]), Match.YES),
        (when("destination.port", values=["80"]), Match.NO),
        (when("request.headers[x]", values=["1"]), Match.SOME),
        (when("connection.sni", values=["shop.example"]), Match.SOME),
    ],
    ids=str,
)
def test_a_rule_matches_by_source_operation_and_condition(rule, matches):
    assert match(rule) is matches


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        (source(principals=["*"]), Match.NO),
        (source(namespaces=["shop"]), Match.NO),
        (source(serviceAccounts=["shop/buyer"]), Match.NO),
        (source(notPrincipals=["*"]), Match.YES),
        (source(ipBlocks=["10.0.0.1"]), Match.YES),
    ],
    ids=str,
)
def test_a_caller_in_plain_text_has_an_address_and_no_identity(rule, matches):
    assert match(rule, identified=False) is matches


def test_the_name_cluster_local_stands_for_the_meshs_own_trust_domain():
    rule, config = source(principals=["cluster.local/ns/shop/sa/buyer"]), {"trustDomain": "pi.example"}
    assert match(rule, mesh_config=config) is Match.YES
    assert match(source(principals=["pi.example/ns/shop/sa/buyer"]), mesh_config=config) is Match.YES


@pytest.mark.parametrize("rule", [to(methods=["GET"]), when("request.headers[x]", values=["1"])], ids=str)
def test_a_condition_about_http_never_allows_a_tcp_call_and_does_not_narrow_its_denial(rule):
    assert match(rule, port=TCP) is Match.NO
    assert match(rule, port=TCP, denies=True) is Match.YES


SHOP = {"from": [{"source": {"namespaces": ["shop"]}}]}
OTHERS = {"from": [{"source": {"namespaces": ["argocd"]}}]}
GETS = {"to": [{"operation": {"methods": ["GET"]}}]}


def test_a_deny_that_matches_refuses_the_call_and_is_named_before_any_allow():
    (first,) = refusals(make_call(access("ALLOW", SHOP, name="open"), access("DENY", SHOP, name="closed")))
    assert first == "AuthorizationPolicy trading/closed: denies the call; it names no manager"


def test_a_deny_of_some_requests_is_a_doubt():
    call = make_call(access("DENY", GETS))
    assert refusals(call) == []
    assert "AuthorizationPolicy trading/one: may deny the call" in doubts(call)[0]


def test_with_an_allow_for_others_nobody_else_is_admitted():
    (refusal,) = refusals(make_call(access("ALLOW", OTHERS, name="agent")))
    assert refusal == "AuthorizationPolicy trading/agent: has no rule that admits the caller"


def test_an_allow_without_rules_admits_nobody():
    assert "trading/nothing" in refusals(make_call(access("ALLOW", name="nothing")))[0]


def test_several_allows_are_named_together_and_one_that_matches_is_enough():
    two = (access("ALLOW", OTHERS, name="a"), access("ALLOW", name="b"))
    (refusal,) = refusals(make_call(*two))
    assert "AuthorizationPolicies trading/a, trading/b: have no rule that admits the caller" in refusal
    assert refusals(make_call(*two, access("ALLOW", SHOP, name="c"))) == []


def test_an_allow_of_some_requests_is_a_doubt():
    call = make_call(access("ALLOW", {**SHOP, **GETS}))
    assert (refusals(call), "may admit the call, and no other does" in doubts(call)[0]) == ([], True)


def test_a_policy_that_selects_all_labels_of_a_pod_applies_to_it_and_one_that_selects_others_does_not():
    for labels, refused in ((SERVER.labels, 1), ({**SERVER.labels, "version": "v2"}, 0)):
        closed = policy("AuthorizationPolicy", {"action": "DENY", "rules": [{}], "selector": {"matchLabels": labels}})
        assert len(refusals(make_call(closed))) == refused


def test_a_dry_run_refuses_nothing_and_a_provider_decides_by_itself():
    dry = access("DENY", {}, name="dry", annotations={DRY_RUN: "true"})
    assert refusals(make_call(dry)) == []
    assert "lets its provider decide" in doubts(make_call(access("CUSTOM", {})))[0]


def test_a_pod_without_a_sidecar_enforces_nothing():
    bare = replace(SERVER, containers=())
    assert refusals(make_call(access("DENY", {}), pods=(CLIENT, bare))) == []


def test_a_caller_in_plain_text_is_told_that_it_has_no_identity():
    plain = replace(CLIENT, containers=())
    found = refusals(make_call(access("ALLOW", SHOP), caller=plain))
    assert any("which has no identity: the caller has no sidecar" in one for one in found)


@pytest.mark.parametrize(
    ("server", "whom"), [(SERVER, "this caller"), (replace(SERVER, containers=()), "every caller")]
)
def test_a_call_that_nothing_refuses_is_admitted_with_every_other_where_nothing_enforces(server, whom):
    (found,) = security.check_access(make_call(access("ALLOW", SHOP), pods=(CLIENT, server)))
    assert found.message == f"the policies of the called pods admit {whom}"
