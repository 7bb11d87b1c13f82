"""The verification's findings about policies that weaken mutual TLS."""

from dataclasses import replace

from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import mutual_tls
from pi_mesh.cluster.objects import Namespace, Service
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_mesh
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, in_cluster, make_verification, unlisted, with_policies, without_policy

LABELS = {"app": "app"}
APP, A = ({"selector": {"matchLabels": {"app": name}}} for name in ("app", "a"))
PERMISSIVE, STRICT = {"mtls": {"mode": "PERMISSIVE"}}, {"mtls": {"mode": "STRICT"}}
PORT = {**APP, "portLevelMtls": {"8080": {"mode": "DISABLE"}}}
OLD, NEW = "2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z"
ALL = "OK : STRICT for the whole mesh"
NOT_TRADING = "OK : STRICT mesh-wide, but not for every workload and port of trading"
HOST = "app.trading.svc.cluster.local"
PLAIN = {"tls": {"mode": "DISABLE"}}
SERVICES = (Service("trading", "app", selector=LABELS), Service("trading", "empty", selector={"app": "none"}))
NO_AUTO_MTLS = {"rootNamespace": "istio-system", "enableAutoMtls": False}


def peer(namespace: str, spec: dict, created: str = NEW, name: str = "rogue", manager: str = "Argo CD") -> Policy:
    return Policy("PeerAuthentication", namespace, name, spec, created, manager)


def meshed(namespace: str = "trading", **annotations: str) -> Pod:
    containers = (Container("app", ports=(8080,)), Container("istio-proxy"))
    return Pod(namespace, "app-77-x", LABELS, owner="ReplicaSet/app-77", containers=containers, annotations=annotations)


def settings(**overrides: object) -> Observation:
    return make_verification(make_mesh(**overrides))


def with_pods(observed: Observation, *pods: Pod) -> Observation:
    return in_cluster(observed, pods=(*observed.snapshot.pods, *pods))


def with_injection(observed: Observation, *names: str) -> Observation:
    injected = (Namespace(name, {"istio-injection": "enabled"}) for name in names)
    return in_cluster(observed, namespaces=(*observed.snapshot.namespaces, *injected))


def passing(annotation: str, value: str) -> tuple[Observation, str]:
    """Return a mesh with a pod some of whose ports no proxy stands before, and the lines about it."""
    return with_pods(HEALTHY, meshed(**{annotation: value})), f"WARNING {annotation}\n{NOT_TRADING}"


def with_config(config: dict | None, observed: Observation = HEALTHY) -> Observation:
    return replace(observed, policies=replace(observed.policies, mesh_config=config))


def rogue(*policies: Policy, observed: Observation = HEALTHY) -> Observation:
    """Return a mesh with these policies, and a pod of trading for them to select."""
    return with_policies(with_pods(observed, meshed()), *policies)


PEER, INCLUDED = "PeerAuthentication", "traffic.sidecar.istio.io/includeInboundPorts"
NAMED = "PERMISSIVE: plain text is accepted too by 1 pod (trading/app); managed by Argo CD; "
REMOVE = "if it is not wanted, remove it from Argo CD, or ask for it in traffic.legacy"
PATCH = "`kubectl patch peerauthentication.security.istio.io old-app -n trading --type=merge"
MANY = [peer(f"shop-{number:02}", PERMISSIVE) for number in range(12)]
SOME = "12 of other namespaces let plain text in: shop-00/rogue, shop-01/rogue, shop-02/rogue and 9 more"
EXCLUDED = {"istio": {"values": {"global": {"proxy": {"excludeInboundPorts": "9090"}}}}}
BYPASS = "WARNING istio.values.global.proxy.excludeInboundPorts: is 9090: these ports bypass"
OLDER = "is older than istio-system/default, so its PERMISSIVE holds for the whole mesh"
SHOP = with_pods(with_injection(HEALTHY, "shop"), meshed("shop"))
OURS = settings(**{"traffic": {"legacy": {"old-app": {"selector": {"app": "app"}}}}})
OPEN = settings(mtls={"mode": "PERMISSIVE"})
OVERRULING = peer("trading", {**STRICT, **APP}, OLD)
WIDENED = peer("trading", PERMISSIVE, name="old-app")
BEHIND = (peer("trading", STRICT, OLD, "first"), peer("trading", PERMISSIVE))
BY_PULUMI = peer("trading", PERMISSIVE, manager="a Pulumi stack")


@table(
    case("a healthy mesh", HEALTHY, "OK=0 STRICT for the whole mesh"),
    case("a pod of it", rogue(), "OK=1 STRICT for the whole mesh"),
    case("of trading", rogue(peer("trading", PERMISSIVE)), f"ERROR trading/rogue: {NAMED}{REMOVE}"),
    case("no longer asked for", rogue(BY_PULUMI), "ERROR ; `pulumi up` removes it where"),
    case("a port", rogue(peer("trading", PORT)), "ERROR port 8080 DISABLE: only plain text is accepted"),
    case("an older mesh-wide policy", rogue(peer("istio-system", PERMISSIVE, OLD)), f"ERROR {OLDER}"),
    case("one without a mode", rogue(peer("istio-system", {}, OLD)), "ERROR so its PERMISSIVE holds"),
    case("a newer mesh-wide policy", rogue(peer("istio-system", PERMISSIVE)), f"WARNING \n{ALL}"),
    case("a policy that only says STRICT again is nothing", rogue(peer("trading", STRICT)), ALL),
    case("one that says it of another namespace is nothing", rogue(peer("shop", STRICT)), ALL),
    case("ours", rogue(peer("istio-system", PERMISSIVE, name="default")), "ERROR says PERMISSIVE, the settings say S"),
    case("a selector", rogue(peer("istio-system", {**STRICT, **A}, name="default")), "ERROR has a selector or ports"),
    case("ours is gone", without_policy(HEALTHY, "PeerAuthentication"), "ERROR the mesh is PERMISSIVE, not STRICT"),
    case("an exception", rogue(observed=OURS), f"OK an exception that traffic.legacy.old-app asks for\n{NOT_TRADING}"),
    case("an overruled one", rogue(OVERRULING, observed=OURS), "WARNING old-app: is overruled by an older policy\nOK "),
    case("a widened exception", with_policies(OURS, WIDENED), f"ERROR {PATCH}…, then `pulumi up --refresh`$"),
    case("of others", with_policies(SHOP, peer("shop", PERMISSIVE)), "WARNING \nOK of shop (see the rows there)"),
    case("many policies of other namespaces are one row", rogue(*MANY), f"WARNING {SOME}\n{ALL}"),
    case("one behind an older one of its namespace", rogue(*BEHIND), f"WARNING not in force\n{ALL}"),
    case("ports of all pods", settings(**EXCLUDED), f"{BYPASS}\nOK workload and port of istio-system, trading"),
    case("ports past the proxy", *passing("traffic.sidecar.istio.io/excludeInboundPorts", "9090")),
    case("all ports but one", *passing(INCLUDED, "8080")),
    case("all ports", *passing(INCLUDED, "")),
    case("no interception", *passing("sidecar.istio.io/interceptionMode", "NONE")),
    case("PeerAuthentications that may not be read", unlisted(HEALTHY, PEER), f"UNKNOWN {PEER}"),
    case("DestinationRules", unlisted(HEALTHY, "DestinationRule"), "UNKNOWN DestinationRule"),
    case("a mesh config", unlisted(HEALTHY, "configmap istio"), "UNKNOWN configmap istio"),
    case("a mesh that is permissive by its settings", rogue(peer("trading", PERMISSIVE), observed=OPEN), "OK "),
)
def test_a_policy_is_judged_by_what_it_weakens(observed, lines):
    assert_lines(mutual_tls.check(observed), lines)


def test_only_namespaces_whose_workloads_may_take_plain_text_are_weakened():
    injected = with_injection(HEALTHY, "strict", "wide", "narrow")
    strict, wide = peer("strict", {**STRICT, **A}, name="a"), peer("wide", PERMISSIVE, name="b")
    narrow, empty = (peer(name, {**PERMISSIVE, **A}, name=name) for name in ("narrow", "elsewhere"))
    assert mutual_tls.weakened_namespaces(with_policies(injected, strict, wide, narrow, empty)) == {"wide", "narrow"}
    elsewhere = with_policies(with_pods(HEALTHY, meshed("elsewhere")), peer("elsewhere", PERMISSIVE))
    assert mutual_tls.weakened_namespaces(elsewhere) == {"elsewhere"}


def rule(host: str = HOST, policy: dict = PLAIN, namespace: str = "trading", name: str = "rogue") -> Policy:
    return Policy("DestinationRule", namespace, name, {"host": host, "trafficPolicy": policy}, manager="kubectl")


CALLS = f"ERROR trading/rogue: …sidecars call {HOST} without mutual TLS, which STRICT refuses; managed by"
OF_SUBSET = replace(rule(), spec={"host": HOST, "subsets": [{"name": "v1", "trafficPolicy": PLAIN}]})


@table(
    case("no TLS", rule(), CALLS),
    case("TLS without Istio's certificates", rule("app", {"tls": {"mode": "SIMPLE"}}), CALLS),
    case("the default mode, for a wildcard", rule("*.local", {"tls": {}}), CALLS),
    case("for a port", rule(policy={"portLevelSettings": [{"port": {"number": 80}, **PLAIN}]}), CALLS),
    case("for a subset", OF_SUBSET, CALLS),
    case("Istio's own", rule(policy={"tls": {"mode": "ISTIO_MUTUAL"}}), ""),
    case("no tls", rule(policy={"connectionPool": {}}), ""),
    case("a host outside", rule("api.example.com", {"tls": {"mode": "SIMPLE"}}), ""),
    case("a service with no proxy", rule("empty"), ""),
    case("a name that Istio does not complete", rule("app.trading"), ""),
    case("a rule of another namespace", rule(namespace="shop"), "WARNING sidecars of shop call"),
)
def test_a_rule_that_takes_callers_from_mutual_tls_is_named(policy, line):
    served = with_policies(in_cluster(HEALTHY, pods=(meshed(),), services=SERVICES), policy)
    assert_lines(mutual_tls.rule_findings(served), line)


def test_many_rules_of_other_namespaces_are_one_row_and_a_workload_that_takes_plain_text_a_warning():
    served = in_cluster(HEALTHY, pods=(meshed(),), services=SERVICES)
    rules = with_policies(served, *(rule(namespace="shop", name=f"rule-{number}") for number in range(5)))
    assert_lines(mutual_tls.rule_findings(rules), "WARNING 5 of other namespaces keep callers from mutual TLS")
    legacy = with_policies(served, peer("trading", {"mtls": {"mode": "DISABLE"}, **APP}), rule())
    assert_lines(mutual_tls.rule_findings(legacy), "WARNING with no identity of the mesh")


@table(
    case("another root", with_config({"rootNamespace": "elsewhere"}), "meshConfig.rootNamespace is elsewhere"),
    case("no automatic mutual TLS", with_config(NO_AUTO_MTLS), "meshConfig.enableAutoMtls is false"),
    case("no YAML", with_config(None), "is missing or not valid YAML"),
    case("no root", with_config({}, settings(istio={"namespace": "mesh"})), "is not set, which means istio-system"),
)
def test_a_mesh_config_that_undoes_mutual_tls_is_a_problem(observed, words):
    first, *_ = mutual_tls.check(observed)
    assert_lines([first], f"ERROR configmap {observed.settings.istio.namespace}/istio: …{words}")


def test_a_mesh_whose_root_namespace_is_elsewhere_is_not_said_to_be_strict():
    elsewhere = settings(istio={"values": {"meshConfig": {"rootNamespace": "elsewhere"}}})
    assert "ok" not in {finding.level for finding in mutual_tls.check(elsewhere)} != set()
