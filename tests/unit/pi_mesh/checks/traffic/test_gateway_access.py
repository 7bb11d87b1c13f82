"""The policies that apply to a service's pods, and the ingress gateway and the health checks that they lock out."""

from pi_mesh.checks.observation import Observation
from pi_mesh.checks.traffic.gateway_access import ANNOTATION, SelectedPolicies, check_gateway, check_health_checks
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Container
from pi_mesh.settings.traffic.authorization import AccessPolicy, AccessRule
from tests.support.factories import make_settings
from tests.support.findings import assert_lines, case, table
from tests.support.snapshots import make_pod, make_snapshot
from tests.support.traffic_problems import of_settings

RULES = (AccessRule(namespaces=("argocd",)),)
BOTH, SHOP, WEB = {"app": "shop", "tier": "web"}, {"app": "shop"}, {"tier": "web"}
SELECTORS = {"of-both": BOTH, "of-all": None, "of-the-shop": SHOP, "of-the-web": WEB}
POLICIES = SelectedPolicies({name: AccessPolicy(selector=chosen, rules=RULES) for name, chosen in SELECTORS.items()})
APP, LABELS = "trading-app-service", {"app": "trading-app"}
INGRESS = "cluster.local/ns/istio-system/sa/istio-ingressgateway"
TO_APP = {"hosts": ["*"], "gateways": ["trading-gateway"], "http": [{"to": [{"service": APP}]}]}
SERVICES = {APP: {"ports": [80], "selector": LABELS}}
ROUTED = {"services": SERVICES, "gateways": {"trading-gateway": {}}, "routes": {"trading-app": TO_APP}}
ARGOCD = {"namespaces": ["argocd"]}
REFUSED, BARE = (
    make_pod(name, namespace="trading", annotations={ANNOTATION: "false"}, containers=containers)
    for name, containers in (("app", (Container("istio-proxy"),)), ("bare", ()))
)
NO_REWRITE = {"istio": {"values": {"sidecarInjectorWebhook": {"rewriteAppHTTPProbe": False}}}}


@table(
    ({}, ["of-all"]),
    ({"app": "shop"}, ["of-all", "of-the-shop"]),
    ({"app": "mail", "tier": "web"}, ["of-all", "of-the-web"]),
    ({"tier": "web", "app": "shop", "version": "2"}, ["of-both", "of-all", "of-the-shop", "of-the-web"]),
)
def test_a_policy_applies_to_pods_with_all_its_labels_and_keeps_its_place(labels, names):
    assert list(POLICIES.about(labels)) == names


def test_policies_of_some_pods_need_their_labels_and_those_of_a_whole_namespace_none():
    assert POLICIES.any_selector
    assert not SelectedPolicies({"of-all": AccessPolicy(rules=RULES)}).any_selector


def allowing(authorization: dict, snapshot=None, traffic: dict | None = None, **settings: object) -> Observation:
    """Return the route to the service with these rules of access."""
    traffic = {**ROUTED, **(traffic or {}), "authorization": authorization}
    return of_settings(make_settings(traffic=traffic, **settings), snapshot)


def policy(*rules: dict, **more: object) -> dict:
    return {"policies": {"p": {"rules": [*rules], **more}}}


def default_deny(**more: object) -> dict:
    return {"defaultDeny": {"enabled": True, **more}}


SOME = {"paths": ["/a*"], "ports": [9090], "methods": ["DELETE"], "requestPrincipals": ["*"]}
SOME |= {"ipBlocks": ["10.0.0.0/8"], "remoteIpBlocks": ["10.0.0.0/8"]}
SOME |= {"when": [{"key": "request.headers[x]", "values": ["1"]}]}
LOCKED = f"ERROR traffic.authorization.policies.p: …locks the ingress gateway out of service {APP}…{INGRESS}"
DENIED = "ERROR traffic.authorization.policies.p: denies the ingress gateway"
OTHER_PORT = f"WARNING lets the ingress gateway in on port 8888 alone, and service {APP} has port 80"
LIVING = make_snapshot(services=(Service("trading", APP, ports=(80,), selector=LABELS),))
NOBODY = {"allowIngress": False, "allowNamespaces": []}
RESEARCH = {"namespaces": {"research": {"defaultDeny": {"enabled": True, **NOBODY}}}}
API = {"namespace": "research", **TO_APP, "hosts": ["r.example"], "http": [{"to": [{"service": "api"}]}]}
TO_API = {"routes": {"trading-app": TO_APP, "api": API}}
OUT_OF_API = "ERROR namespaces.research.defaultDeny: locks the ingress gateway out of service api"
THREE = {"policies": {name: {"rules": [ARGOCD]} for name in ("b", "a", "c")}}
ELSEWHERE = allowing(policy(ARGOCD, namespace="research"), namespaces={"research": {}})
OF_APP = policy(ARGOCD, selector=LABELS)


@table(
    case("an allow of a namespace", allowing(policy(ARGOCD)), LOCKED),
    case("of a principal", allowing(policy({"principals": ["cluster.local/ns/istio-system/sa/prometheus"]})), LOCKED),
    case("of another trust domain", allowing(policy({"principals": ["other/*"]})), LOCKED),
    case("of another account", allowing(policy({"principals": ["*/sa/prometheus"]})), LOCKED),
    case("of the gateway in another namespace", allowing(policy({**ARGOCD, "principals": [INGRESS]})), LOCKED),
    case("of the gateway's namespace", allowing(policy(ARGOCD, {"namespaces": ["istio-system"]})), ""),
    case("of the gateway", allowing(policy(ARGOCD, {"principals": [INGRESS]})), ""),
    case("of its trust domain", allowing(policy(ARGOCD, {"principals": ["cluster.local/*"]})), ""),
    case("of its account", allowing(policy(ARGOCD, {"principals": ["*/sa/istio-ingressgateway"]})), ""),
    case("of any caller", allowing(policy(ARGOCD, {"paths": ["/*"]})), ""),
    case("of a gateway elsewhere", allowing(policy({"namespaces": ["edge"]}), ingress={"namespace": "edge"}), ""),
    case("not there", allowing(policy({"namespaces": ["istio-system"]}), ingress={"namespace": "edge"}), "ERROR "),
    case("for other workloads", allowing(policy(ARGOCD, selector={"app": "trading-agent"})), ""),
    case("on another port", allowing(policy({"principals": [INGRESS], "ports": [8888]})), OTHER_PORT),
    case("on the service's port", allowing(policy({"principals": [INGRESS], "ports": [80]})), ""),
    case("a denial", allowing(policy({"namespaces": ["istio-system", "argocd"]}, action="DENY")), DENIED),
    *[case(f"a denial by {key}", allowing(policy({key: SOME[key]}, action="DENY")), "") for key in SOME],
    case("pods behind a living service", allowing(OF_APP, LIVING, {"services": {}}), "ERROR "),
    case("pods that nobody names", allowing(OF_APP, make_snapshot(), {"services": {}}), "UNKNOWN "),
    case("the default deny", allowing(default_deny(allowIngress=True)), ""),
    case("without its allow", allowing(default_deny(allowIngress=False)), "ERROR "),
    case("alone", allowing(default_deny(**NOBODY)), "ERROR traffic.authorization.defaultDeny: "),
    case("no route", allowing(policy(ARGOCD), traffic={"routes": {}, "gateways": {}}), ""),
    case("of a further namespace", allowing({}, traffic=TO_API, **RESEARCH), OUT_OF_API),
    case("a policy of another namespace", ELSEWHERE, ""),
    case("the first policy by name", allowing(THREE), "ERROR traffic.authorization.policies.a:"),
)
def test_a_policy_that_locks_the_gateway_out_of_a_routed_service_is_named(observed, line):
    assert_lines(check_gateway(observed), line)


@table(
    case("everywhere", NO_REWRITE, (), "ERROR istio.values.sidecarInjectorWebhook.rewriteAppHTTPProbe: "),
    case("of a pod with a sidecar", {}, (REFUSED, BARE), "ERROR pod trading/app: "),
    case("not without mutual TLS and policies", {"mtls": {"mode": "PERMISSIVE"}, **NO_REWRITE}, (), ""),
)
def test_health_checks_that_are_not_led_past_envoy_are_refused(settings, pods, line):
    assert_lines(check_health_checks(of_settings(make_settings(**settings), make_snapshot(pods=pods))), line)
