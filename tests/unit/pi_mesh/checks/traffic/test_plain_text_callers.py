"""The findings about rules by caller where callers have no identity, and about a circuit breaker of few pods."""

from dataclasses import replace

from pi_mesh.checks.finding import NEXT
from pi_mesh.checks.traffic import connections, plain_text_callers
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.pods import Container
from tests.support.factories import make_settings
from tests.support.findings import assert_lines, case, table
from tests.support.snapshots import make_pod, make_snapshot
from tests.support.traffic_problems import of_settings

DEV, PATH, PORT = {"namespaces": ["dev"]}, {"paths": ["/a"]}, {"ports": [80]}
LEGACY = {"legacy": {"old": {"selector": {"legacy": "true"}}}}
PERMISSIVE = {"mtls": {"mode": "PERMISSIVE"}}
TOLD = f"WARNING traffic.authorization.policies.p: …mtls.mode PERMISSIVE accepts plain text…pi-mesh {NEXT} refuses it"
BOTH = {"a": {"action": "DENY", "rules": [PATH]}, "b": {"action": "DENY", "rules": [DEV]}}
OLD, OF_P = "WARNING traffic.legacy.old: ", "WARNING traffic.authorization.policies.p: "
MEETING = {"app": "a", "legacy": "true"}
OWN = {"legacy": "true"}
RESEARCH = {"research": {"defaultDeny": {"enabled": True, "allowNamespaces": ["research", "trading"]}}}
UNKNOWN_TO = "does not have research, whose rules admit trading: sidecars of trading would send these calls in plain"
BARE, TILL, JOB = (
    make_pod(name, namespace=namespace, owner="ReplicaSet/a")
    for name, namespace in (("feed", "trading"), ("till", "shop"), ("job", "batch"))
)
MESHED = make_pod("new", namespace="trading", containers=(Container("istio-proxy"),))
INJECTED = (Namespace("shop", {"istio-injection": "enabled"}),)
OFF = {"namespaces": {"batch": {"injection": False}}}


def policy(*rules: dict, action: str = "DENY", **more: object) -> dict:
    return {"authorization": {"policies": {"p": {"action": action, "rules": [*rules], **more}}}}


def chosen(action: str = "DENY", **selector: str) -> dict:
    """Return a policy by caller for these labels, beside a workload with an exception."""
    return {**policy(PATH, DEV, action=action, selector=selector), **LEGACY}


def closed(*rules: dict, **more: object) -> dict:
    """Return a default deny and one more policy, beside a workload with an exception."""
    policies = policy(*rules, **more)["authorization"] if rules else {}
    return {"authorization": {"defaultDeny": {"enabled": True}, **policies}, **LEGACY}


def labelled(namespace: str = "trading", **labels: str):
    return make_snapshot(pods=(make_pod("a", namespace=namespace, labels=labels),))


@table(
    case("a denial by namespace", policy(DEV), PERMISSIVE, None, TOLD),
    case("a denial by principal", policy({"principals": ["cluster.local/ns/dev/*"]}), PERMISSIVE, None, TOLD),
    case("its rules are named", policy(PATH, DEV), PERMISSIVE, None, "WARNING (rules[1]), but"),
    case("in their order", policy(DEV, PATH, DEV), PERMISSIVE, None, "WARNING (rules[0], rules[2]), but"),
    case("no caller", policy(PATH), PERMISSIVE, None, ""),
    case("an allow", policy(DEV, action="ALLOW"), PERMISSIVE, None, ""),
    case("the second policy", {"authorization": {"policies": BOTH}}, PERMISSIVE, None, "WARNING policies.b: "),
    case("under STRICT", policy(PATH, DEV), {}, None, ""),
    case("of the whole namespace", {**policy(PATH, DEV), **LEGACY}, {}, None, OF_P),
    case("of the exception", chosen(legacy="true", app="a"), {}, None, OF_P),
    case("of other labels", chosen(app="a"), {}, None, ""),
    case("of another value", chosen(legacy="no"), {}, None, ""),
    case("a living pod shows that two selectors meet", chosen(app="a"), {}, labelled(**MEETING), OF_P),
    case("a pod elsewhere does not", chosen(app="a"), {}, labelled("other", **MEETING), ""),
    case("no pod has two values", chosen(legacy="no", app="a"), {}, labelled(legacy="no", app="a"), ""),
    case("locked out by the default deny", closed(), {}, None, OLD),
    case("let in by an allow without callers", closed(PORT, action="ALLOW"), {}, None, ""),
    case("by an own one", closed(DEV, PORT, action="ALLOW", selector=OWN), {}, None, ""),
    case("not by callers", closed(DEV, action="ALLOW", selector=OWN), {}, None, OLD),
    case("not by one of others", closed(PORT, action="ALLOW", selector={"legacy": "no"}), {}, None, OLD),
    case("not by a denial", closed(PORT, selector=OWN), {}, None, OLD),
)
def test_a_rule_by_caller_is_judged_where_callers_have_no_identity(traffic, settings, snapshot, line):
    observed = of_settings(make_settings(traffic=traffic, **settings), snapshot)
    assert_lines(plain_text_callers.check_rules(observed), line)


def test_only_a_denial_that_does_nothing_is_refused_in_the_next_version():
    (row,) = plain_text_callers.check_rules(of_settings(make_settings(traffic=closed()), None))
    assert NEXT not in row.message


def of_research(rule: dict, action: str = "ALLOW") -> dict:
    return {"namespaces": {"research": {}}, "traffic": policy(rule, action=action, namespace="research")}


@table(
    case("unknown", {"namespaces": RESEARCH}, f'WARNING trading.sidecarScope: {UNKNOWN_TO}…; add "research/*"'),
    case("known", {"namespaces": RESEARCH, "trading": {"sidecarScope": ["./*", "research/*"]}}, ""),
    case("known like all", {"namespaces": RESEARCH, "trading": {"sidecarScope": ["*/*"]}}, ""),
    case("no scope", {"namespaces": RESEARCH, "trading": {"sidecarScope": []}}, ""),
    case("no Sidecar", {"namespaces": RESEARCH, "trading": {"bounds": {"sidecar": False}}}, ""),
    case("callers of others have scopes of their own", of_research({"namespaces": ["argocd"]}), ""),
    case("a denial admits nobody", of_research({"namespaces": ["trading"]}, "DENY"), ""),
)
def test_a_caller_that_does_not_know_the_called_namespace_is_told_to_add_it(settings, line):
    assert_lines(plain_text_callers.check_scopes(of_settings(make_settings(**settings), None)), line)


@table(
    case("a pod", {}, {"pods": (BARE, MESHED, JOB)}, "WARNING pod trading/feed: …restart its workload"),
    case("on the host's network", {}, {"pods": (replace(BARE, host_network=True),)}, "WARNING ; it is on the host's"),
    case("elsewhere too", {}, {"pods": (TILL,), "namespaces": INJECTED}, "WARNING pod shop/till: "),
    case("PERMISSIVE cuts nobody off", PERMISSIVE, {"pods": (BARE,)}, ""),
    case("pods that may not be listed", {}, {"unreadable": ("pods",)}, "UNKNOWN mtls.mode: "),
    case("a namespace without injection", OFF, {"pods": (JOB,)}, "OK every pod in trading has its sidecar"),
)
def test_strict_names_the_pods_without_a_sidecar(settings, cluster, line):
    observed = of_settings(make_settings(**settings), make_snapshot(**cluster))
    assert_lines(plain_text_callers.check_sidecars(observed), line)


def test_a_circuit_breaker_that_opens_for_no_pod_of_a_few_is_a_warning():
    destinations = {"breaker": {"service": "agent", "circuitBreaker": {}}}
    observed = of_settings(make_settings(traffic={"destinations": destinations}), None)
    line = "WARNING traffic.destinations.breaker.circuitBreaker: …fewer than 10"
    assert_lines(connections.check_circuit_breakers(observed), line)
