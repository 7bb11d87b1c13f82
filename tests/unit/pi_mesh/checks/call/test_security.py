"""The encryption of a call, and the policies that admit or refuse it."""

from dataclasses import replace
from typing import Any

import pytest

from pi_mesh.checks.call import security
from pi_mesh.checks.call.call import Callee
from pi_mesh.checks.call.security import Match, Rules
from pi_mesh.cluster.policies import Policy
from pi_mesh.values.traffic.authorization import DRY_RUN
from tests.support.findings import case, table
from tests.support.own_calls import CLIENT, SERVER, TCP, access, doubts, make_call, policy, refusals

BARE, BARE_SERVER = (replace(pod, containers=()) for pod in (CLIENT, SERVER))
LEFT_OUT = replace(SERVER, annotations={"traffic.sidecar.istio.io/excludeInboundPorts": "8080"})
FULL = "app.trading.svc.cluster.local"


def peer(mode: str, ports: dict[str, str] | None = None, **labels: str) -> Policy:
    spec: dict[str, Any] = {"mtls": {"mode": mode}}
    if labels:
        levels = {port: {"mode": of_port} for port, of_port in (ports or {}).items()}
        spec |= {"selector": {"matchLabels": labels}, "portLevelMtls": levels}
    return policy("PeerAuthentication", spec, "own")


def rule(mode: str = "DISABLE", host: str = "app", namespace: str = "trading") -> Policy:
    return policy("DestinationRule", {"host": host, "trafficPolicy": {"tls": {"mode": mode}}}, "rule", namespace)


def of_port(number: int) -> Policy:
    ports = [{"tls": {"mode": "DISABLE"}}, {"port": {"number": number}, "tls": {"mode": "DISABLE"}}]
    return policy("DestinationRule", {"host": "app", "trafficPolicy": {"portLevelSettings": ports}}, "rule")


OF_MESH, OWN = "PeerAuthentication istio-system/default:", "PeerAuthentication trading/own:"
TURNED_OFF = f"{OF_MESH} is STRICT, and refuses the call's plain text: DestinationRule trading/rule has tls DISABLE"
NO_SIDECAR = "is STRICT, and refuses the call's plain text: the caller has no sidecar"
ONE_OPEN = peer("UNSET", {"8080": "DISABLE"}, app="app")
OF_ANOTHER_PORT = peer("PERMISSIVE", {"80": "STRICT"}, app="app")
UNSERVED = "DestinationRule trading/rule: asks for mutual TLS, and pod app-0 has no sidecar"
OWN_RULE = (rule(), rule("ISTIO_MUTUAL", FULL, "shop"))
AUTO_OFF = {"mesh_config": {"enableAutoMtls": False}}
BOTH_BARE = {"caller": BARE, "pods": (CLIENT, BARE_SERVER)}


@table(
    case("a caller without a sidecar", [], {"caller": BARE}, f"{OF_MESH} {NO_SIDECAR}"),
    case("the policy in force is named", [peer("STRICT")], {"caller": BARE}, OWN),
    case("a narrower policy lets it in", [peer("PERMISSIVE")], {"caller": BARE}, ""),
    case("a workload's policy does", [peer("PERMISSIVE", app="app")], {"caller": BARE}, ""),
    case("a port's mode does", [ONE_OPEN], {"caller": BARE}, ""),
    case("the pod's port", [peer("PERMISSIVE", {"8080": "STRICT"}, app="app")], {"caller": BARE}, OWN),
    case("not the service's port", [OF_ANOTHER_PORT], {"caller": BARE}, ""),
    case("a pod without a sidecar", [], BOTH_BARE, ""),
    case("a port past the sidecar", [], {"caller": BARE, "pods": (CLIENT, LEFT_OUT)}, ""),
    case("a destination rule turns mutual TLS off", [rule()], {}, TURNED_OFF),
    case("one of another host", [rule(host="other")], {}, ""),
    case("one of all hosts", [rule(host="*")], {}, TURNED_OFF),
    case("one of a wildcard", [rule(host="*.local")], {}, TURNED_OFF),
    case("one of the namespace", [rule(host="*.trading.svc.cluster.local")], {}, TURNED_OFF),
    case("one of another wildcard", [rule(host="*.example")], {}, ""),
    case("one of another namespace's hosts", [rule(host="*.shop.svc.cluster.local")], {}, ""),
    case("the caller's own comes before that of the service", OWN_RULE, {}, ""),
    case("one in a third namespace", [rule(host=FULL, namespace="other")], {}, ""),
    case("one of the called port", [of_port(80)], {}, TURNED_OFF),
    case("one of another port", [of_port(81)], {}, ""),
    case("one of the pod's port", [of_port(8080)], {}, ""),
    case("no sidecar serves it", [rule("ISTIO_MUTUAL")], {"pods": (CLIENT, BARE_SERVER)}, UNSERVED),
    case("mutual TLS refused", [rule("ISTIO_MUTUAL"), peer("DISABLE")], {}, "takes plain text alone"),
    case("without automatic mutual TLS", [], AUTO_OFF, "enableAutoMtls is false"),
)
def test_a_call_is_refused_for_its_encryption(policies, changes, words):
    refused = refusals(make_call(*policies, **changes))
    assert len(refused) == bool(words)
    assert words in "".join(refused)


@pytest.mark.parametrize(
    ("changes", "message"), [({}, "is no obstacle"), (BOTH_BARE, "is accepted in plain text, because the")]
)
def test_a_call_that_its_encryption_does_not_hinder_has_one_row(changes, message):
    (row,) = security.check_encryption(make_call(**changes))
    assert row.message.startswith(message)


@pytest.mark.parametrize(
    ("caller", "fix"), [(BARE, "give the caller a sidecar"), (CLIENT, "correct what takes mutual TLS from the caller")]
)
def test_the_remedy_of_a_call_in_plain_text_depends_on_the_callers_sidecar(caller, fix):
    first, *_ = security.check_encryption(make_call(rule(), caller=caller))
    assert first.fix.startswith(fix)


def match(rule: dict[str, Any], identified: bool = True, denies: bool = False, **changes: Any) -> Match:
    return Rules(make_call(**changes), Callee(SERVER, 8080), identified).match(rule, denies)


def source(**fields: list[str]) -> dict[str, Any]:
    return {"from": [{"source": fields}]}


def to(**fields: list[str]) -> dict[str, Any]:
    return {"to": [{"operation": fields}]}


def when(key: str, **fields: list[str]) -> dict[str, Any]:
    return {"when": [{"key": key, **fields}]}


SHOP, OTHERS, GETS = source(namespaces=["shop"]), source(namespaces=["argocd"]), to(methods=["GET"])
HEADER = when("request.headers[x]", values=["1"])
PI = {"mesh_config": {"trustDomain": "pi.example"}}


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ({}, Match.YES),
        (SHOP, Match.YES),
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
        ({"from": [*OTHERS["from"], *SHOP["from"]]}, Match.YES),
        (to(ports=["8080"]), Match.YES),
        (to(ports=["80"]), Match.NO),
        (to(notPorts=["8080"]), Match.NO),
        (GETS, Match.SOME),
        (to(ports=["80"], methods=["GET"]), Match.NO),
        ({**SHOP, **to(ports=["80"])}, Match.NO),
        (when("source.namespace", values=["shop"]), Match.YES),
        (when("source.namespace", notValues=["shop"]), Match.NO),
        (when("source.principal", values=["cluster.local/ns/shop/*"]), Match.YES),
        (when("source.ip", values=["10.9.0.0/16"]), Match.NO),
        (when("destination.ip", values=["10.0.0.2"]), Match.YES),
        (when("destination.port", values=["80"]), Match.NO),
        (HEADER, Match.SOME),
        (when("connection.sni", values=["shop.example"]), Match.SOME),
    ],
    ids=str,
)
def test_a_rule_matches_by_source_operation_and_condition(rule, matches):
    assert match(rule) is matches


@table(
    case("plain text has no principal", source(principals=["*"]), {"identified": False}, Match.NO),
    case("plain text has no namespace", SHOP, {"identified": False}, Match.NO),
    case("plain text has no account", source(serviceAccounts=["shop/buyer"]), {"identified": False}, Match.NO),
    case("plain text is nobody's", source(notPrincipals=["*"]), {"identified": False}, Match.YES),
    case("plain text has an address", source(ipBlocks=["10.0.0.1"]), {"identified": False}, Match.YES),
    case("cluster.local is any mesh's own domain", source(principals=["cluster.local/ns/shop/*"]), PI, Match.YES),
    case("and so is its name", source(principals=["pi.example/ns/shop/sa/buyer"]), PI, Match.YES),
    case("a method never allows a TCP call", GETS, {"port": TCP}, Match.NO),
    case("a method does not narrow its denial", GETS, {"port": TCP, "denies": True}, Match.YES),
    case("a header never allows a TCP call", HEADER, {"port": TCP}, Match.NO),
    case("a header does not narrow its denial", HEADER, {"port": TCP, "denies": True}, Match.YES),
)
def test_a_rule_matches_by_the_kind_of_call(rule, changes, matches):
    assert match(rule, **changes) is matches


def closed(labels: dict[str, str]) -> Policy:
    return policy("AuthorizationPolicy", {"action": "DENY", "rules": [{}], "selector": {"matchLabels": labels}}, "own")


TWO = (access("ALLOW", OTHERS, name="a"), access("ALLOW", name="b"))
BOTH = "AuthorizationPolicies trading/a, trading/b: have no rule that admits the caller"
DENY, DRY = access("DENY", SHOP, name="closed"), access("DENY", {}, name="dry", annotations={DRY_RUN: "true"})
NO_IDENTITY = "which has no identity: the caller has no sidecar"
NONE = "AuthorizationPolicy trading/one: has no rule that admits the caller"


@table(
    case("a denial", [access("ALLOW", SHOP), DENY], {}, "trading/closed: denies the call; it names no manager", ""),
    case("a denial of some requests", [access("DENY", GETS)], {}, "", "trading/one: may deny the call"),
    case("an allow for others", [access("ALLOW", OTHERS)], {}, NONE, ""),
    case("an allow without rules", [access("ALLOW")], {}, NONE, ""),
    case("several allows are named together", TWO, {}, BOTH, ""),
    case("one that matches is enough", [*TWO, access("ALLOW", SHOP)], {}, "", ""),
    case("an allow of some requests", [access("ALLOW", {**SHOP, **GETS})], {}, "", "may admit the call, and no"),
    case("one that selects all labels of a pod", [closed(SERVER.labels)], {}, "denies the call", ""),
    case("one that selects another label", [closed({**SERVER.labels, "version": "v2"})], {}, "", ""),
    case("a dry run refuses nothing", [DRY], {}, "", ""),
    case("a provider decides by itself", [access("CUSTOM", {})], {}, "", "lets its provider decide"),
    case("a pod without a sidecar", [access("DENY", {})], {"pods": (CLIENT, BARE_SERVER)}, "", ""),
    case("plain text", [peer("PERMISSIVE"), access("ALLOW", SHOP)], {"caller": BARE}, NO_IDENTITY, ""),
)
def test_policies_admit_and_refuse_a_call(policies, changes, refused, doubtful):
    call = make_call(*policies, **changes)
    assert (len(refusals(call)), len(doubts(call))) == (bool(refused), bool(doubtful))
    assert (refused in "".join(refusals(call)), doubtful in "".join(doubts(call))) == (True, True)


@pytest.mark.parametrize(("server", "whom"), [(SERVER, "this caller"), (BARE_SERVER, "every caller")])
def test_a_call_that_nothing_refuses_is_admitted_with_every_other_where_nothing_enforces(server, whom):
    (row,) = security.check_access(make_call(access("ALLOW", SHOP), pods=(CLIENT, server)))
    assert row.message == f"the policies of the called pods admit {whom}"
