"""The encryption of a call, and the policies that admit or refuse it."""

from dataclasses import replace
from typing import Any

from pi_mesh.checks.call import security
from pi_mesh.checks.call.call import Callee
from pi_mesh.checks.call.security import Match, Rules
from pi_mesh.cluster.policies import Policy
from pi_mesh.values.traffic.authorization import DRY_RUN
from tests.support.findings import assert_lines, case, table
from tests.support.own_calls import CLIENT, SERVER, TCP, access, make_call, policy

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
PLAIN = "OK is accepted in plain text, because the caller has no sidecar"
TURNED_OFF = f"{OF_MESH} is STRICT…: DestinationRule trading/rule has tls DISABLE; correct what takes mutual TLS from"
NO_SIDECAR = "is STRICT, and refuses the call's plain text: the caller has no sidecar"
UNSERVED = "DestinationRule trading/rule: asks for mutual TLS, and pod app-0 has no sidecar"
OWN_RULE = (rule(), rule("ISTIO_MUTUAL", FULL, "shop"))
AUTO_OFF = {"mesh_config": {"enableAutoMtls": False}}


@table(
    case("nothing", [], {}, "OK is no obstacle"),
    case("its remedy", [rule()], {"caller": BARE}, "ERROR ; give the caller a sidecar"),
    case("a caller without a sidecar", [], {"caller": BARE}, f"ERROR {OF_MESH} {NO_SIDECAR}"),
    case("the policy in force is named", [peer("STRICT")], {"caller": BARE}, f"ERROR {OWN}"),
    case("a narrower policy lets it in", [peer("PERMISSIVE")], {"caller": BARE}, PLAIN),
    case("a workload's policy does", [peer("PERMISSIVE", app="app")], {"caller": BARE}, PLAIN),
    case("a port's mode does", [peer("UNSET", {"8080": "DISABLE"}, app="app")], {"caller": BARE}, PLAIN),
    case("the pod's port", [peer("PERMISSIVE", {"8080": "STRICT"}, app="app")], {"caller": BARE}, f"ERROR {OWN}"),
    case("not the service's port", [peer("PERMISSIVE", {"80": "STRICT"}, app="app")], {"caller": BARE}, PLAIN),
    case("a pod without a sidecar", [], {"caller": BARE, "pods": (CLIENT, BARE_SERVER)}, PLAIN),
    case("a port past the sidecar", [], {"caller": BARE, "pods": (CLIENT, LEFT_OUT)}, PLAIN),
    case("a destination rule turns mutual TLS off", [rule()], {}, f"ERROR {TURNED_OFF}"),
    case("one of another host", [rule(host="other")], {}, "OK is no obstacle"),
    case("one of all hosts", [rule(host="*")], {}, f"ERROR {TURNED_OFF}"),
    case("one of a wildcard", [rule(host="*.local")], {}, f"ERROR {TURNED_OFF}"),
    case("one of the namespace", [rule(host="*.trading.svc.cluster.local")], {}, f"ERROR {TURNED_OFF}"),
    case("one of another wildcard", [rule(host="*.example")], {}, "OK is no obstacle"),
    case("one of another namespace's hosts", [rule(host="*.shop.svc.cluster.local")], {}, "OK is no obstacle"),
    case("the caller's own comes before that of the service", OWN_RULE, {}, "OK is no obstacle"),
    case("one in a third namespace", [rule(host=FULL, namespace="other")], {}, "OK is no obstacle"),
    case("one of the called port", [of_port(80)], {}, f"ERROR {TURNED_OFF}"),
    case("one of another port", [of_port(81)], {}, "OK is no obstacle"),
    case("one of the pod's port", [of_port(8080)], {}, "OK is no obstacle"),
    case("no sidecar serves it", [rule("ISTIO_MUTUAL")], {"pods": (CLIENT, BARE_SERVER)}, f"ERROR {UNSERVED}"),
    case("mutual TLS refused", [rule("ISTIO_MUTUAL"), peer("DISABLE")], {}, "ERROR takes plain text alone"),
    case("without automatic mutual TLS", [], AUTO_OFF, "ERROR enableAutoMtls is false"),
)
def test_a_call_is_refused_for_its_encryption(policies, changes, line):
    assert_lines(security.check_encryption(make_call(*policies, **changes)), line)


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
OAUTH = {"action": "CUSTOM", "rules": [{}], "provider": {"name": "oauth-authorizer"}}
ASKING = policy("AuthorizationPolicy", OAUTH, "own")
TWO = (access("ALLOW", OTHERS, name="a"), access("ALLOW", name="b"))
BOTH = "AuthorizationPolicies trading/a, trading/b: have no rule that admits the caller"
DENY, DRY = access("DENY", SHOP, name="closed"), access("DENY", {}, name="dry", annotations={DRY_RUN: "true"})
ADMITTED = "OK the policies of the called pods admit this caller$"
NO_IDENTITY = "which has no identity: the caller has no sidecar"
NONE = "AuthorizationPolicy trading/one: has no rule that admits the caller"


@table(
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


@table(
    case("a denial", [access("ALLOW", SHOP), DENY], {}, "ERROR trading/closed: denies the call; it names no manager"),
    case("a denial of some requests", [access("DENY", GETS)], {}, "WARNING trading/one: may deny the call"),
    case("an allow for others", [access("ALLOW", OTHERS)], {}, f"ERROR {NONE}"),
    case("an allow without rules", [access("ALLOW")], {}, f"ERROR {NONE}"),
    case("several allows are named together", TWO, {}, f"ERROR {BOTH}"),
    case("one that matches is enough", [*TWO, access("ALLOW", SHOP)], {}, ADMITTED),
    case("an allow of some requests", [access("ALLOW", {**SHOP, **GETS})], {}, "WARNING may admit the call, and no"),
    case("one that selects all labels of a pod", [closed(SERVER.labels)], {}, "ERROR denies the call"),
    case("one that selects another label", [closed({**SERVER.labels, "version": "v2"})], {}, ADMITTED),
    case("a dry run refuses nothing", [DRY], {}, ADMITTED),
    case("a provider decides by itself", [ASKING], {}, "UNKNOWN asks oauth-authorizer, on whose answer the call"),
    case("a pod without a sidecar", [access("DENY", {})], {"pods": (CLIENT, BARE_SERVER)}, "OK admit every caller$"),
    case("plain text", [peer("PERMISSIVE"), access("ALLOW", SHOP)], {"caller": BARE}, f"ERROR {NO_IDENTITY}"),
)
def test_policies_admit_and_refuse_a_call(policies, changes, line):
    assert_lines(security.check_access(make_call(*policies, **changes)), line)
