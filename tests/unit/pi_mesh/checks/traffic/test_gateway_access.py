"""The policies that apply to a service's pods."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.traffic.gateway_access import ANNOTATION, SelectedPolicies, check_gateway, check_health_checks
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Container
from pi_mesh.settings.traffic.authorization import AccessPolicy, AccessRule
from tests.support.factories import make_settings
from tests.support.snapshots import make_pod, make_snapshot
from tests.support.traffic_problems import of_settings

RULES = (AccessRule(namespaces=("argocd",)),)
SELECTORS = {
    "of-both": {"app": "shop", "tier": "web"},
    "of-all": None,
    "of-the-shop": {"app": "shop"},
    "of-the-web": {"tier": "web"},
}


@pytest.fixture
def policies() -> SelectedPolicies:
    made = {name: AccessPolicy(selector=selector, rules=RULES) for name, selector in SELECTORS.items()}
    return SelectedPolicies(made)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ({}, ["of-all"]),
        ({"app": "shop"}, ["of-all", "of-the-shop"]),
        ({"app": "mail", "tier": "web"}, ["of-all", "of-the-web"]),
        ({"tier": "web", "app": "shop", "version": "2"}, ["of-both", "of-all", "of-the-shop", "of-the-web"]),
    ],
)
def test_a_policy_applies_to_pods_with_all_its_labels_and_keeps_its_place(policies, labels, names):
    assert list(policies.about(labels)) == names


def test_policies_of_the_whole_namespace_need_no_labels():
    assert not SelectedPolicies({"of-all": AccessPolicy(rules=RULES)}).any_selector


def test_policies_of_some_pods_need_their_labels(policies):
    assert policies.any_selector


APP = "trading-app-service"
INGRESS = "cluster.local/ns/istio-system/sa/istio-ingressgateway"
ROUTED = {
    "services": {APP: {"ports": [80], "selector": {"app": "trading-app"}}},
    "gateways": {"trading-gateway": {}},
    "routes": {"trading-app": {"hosts": ["*"], "gateways": ["trading-gateway"], "http": [{"to": [{"service": APP}]}]}},
}


def judged(rules: list[dict], snapshot=None, services: dict | None = None, **policy: object) -> list[Finding]:
    """Return the findings about one policy beside the route."""
    authorization = {"policies": {"p": {"rules": rules, **policy}}}
    traffic = {**ROUTED, "authorization": authorization, **({} if services is None else {"services": services})}
    return list(check_gateway(of_settings(make_settings(traffic=traffic), snapshot or make_snapshot())))


@pytest.mark.parametrize(("namespace", "level"), [("edge", None), ("istio-system", Level.ERROR)])
def test_the_gateway_is_known_by_its_own_namespace(namespace, level):
    authorization = {"policies": {"p": {"rules": [{"namespaces": [namespace]}]}}}
    settings = make_settings(ingress={"namespace": "edge"}, traffic={**ROUTED, "authorization": authorization})
    assert [finding.level for finding in check_gateway(of_settings(settings, make_snapshot()))] == (
        [level] if level else []
    )


@pytest.mark.parametrize(
    "rule",
    [
        {"namespaces": ["argocd"]},
        {"principals": ["cluster.local/ns/istio-system/sa/prometheus"]},
        {"principals": ["other/*"]},
        {"principals": ["*/sa/prometheus"]},
        {"namespaces": ["argocd"], "principals": [INGRESS]},
    ],
)
def test_an_allow_without_the_gateway_locks_it_out(rule: dict):
    [finding] = judged([rule])
    assert finding.level is Level.ERROR
    assert f"locks the ingress gateway out of service {APP}" in finding.message
    assert INGRESS in finding.fix


@pytest.mark.parametrize(
    "rule",
    [
        {"namespaces": ["istio-system"]},
        {"principals": [INGRESS]},
        {"principals": ["cluster.local/*"]},
        {"principals": ["*/sa/istio-ingressgateway"]},
        {"paths": ["/*"]},
    ],
)
def test_an_allow_with_the_gateway_does_not(rule: dict):
    assert judged([{"namespaces": ["argocd"]}, rule]) == []


def test_an_allow_for_other_workloads_does_not():
    assert judged([{"namespaces": ["argocd"]}], selector={"app": "trading-agent"}) == []


def test_a_denial_of_everybody_locks_the_gateway_out():
    [finding] = judged([{"namespaces": ["istio-system", "argocd"]}], action="DENY")
    assert str(finding).startswith("traffic.authorization.policies.p: denies the ingress gateway")


@pytest.mark.parametrize(
    "some",
    [
        {"paths": ["/admin*"]},
        {"ports": [9090]},
        {"methods": ["DELETE"]},
        {"ipBlocks": ["10.0.0.0/8"]},
        {"remoteIpBlocks": ["10.0.0.0/8"]},
        {"requestPrincipals": ["*"]},
        {"when": [{"key": "request.headers[x]", "values": ["1"]}]},
    ],
    ids=lambda some: next(iter(some)),
)
def test_a_denial_of_some_requests_does_not(some):
    assert judged([some], action="DENY") == []


def test_the_pods_behind_a_living_service_are_known():
    living = make_snapshot(services=(Service("trading", APP, ports=(80,), selector={"app": "trading-app"}),))
    [finding] = judged([{"namespaces": ["argocd"]}], living, services={}, selector={"app": "trading-app"})
    assert finding.level is Level.ERROR


def test_where_nobody_says_which_pods_are_meant_it_is_unknown():
    [finding] = judged([{"namespaces": ["argocd"]}], services={}, selector={"app": "trading-app"})
    assert finding.level is Level.UNKNOWN


@pytest.mark.parametrize(("allowed", "problems"), [(True, 0), (False, 1)])
def test_the_default_deny_locks_the_gateway_out_only_without_its_allow(allowed: bool, problems: int):
    deny = {"defaultDeny": {"enabled": True, "allowIngress": allowed}}
    assert (
        len(list(check_gateway(of_settings(make_settings(traffic={**ROUTED, "authorization": deny}), None))))
        == problems
    )


def test_the_default_deny_alone_locks_the_gateway_out():
    deny = {"defaultDeny": {"enabled": True, "allowIngress": False, "allowNamespaces": []}}
    [finding] = check_gateway(of_settings(make_settings(traffic={**ROUTED, "authorization": deny}), None))
    assert str(finding.subject) == "traffic.authorization.defaultDeny"


def test_a_policy_nobody_routes_to_is_not_judged():
    traffic = {"authorization": {"policies": {"p": {"rules": [{"namespaces": ["argocd"]}]}}}}
    assert list(check_gateway(of_settings(make_settings(traffic=traffic), None))) == []


def test_health_checks_that_are_not_led_past_envoy_are_refused_everywhere():
    settings = make_settings(istio={"values": {"sidecarInjectorWebhook": {"rewriteAppHTTPProbe": False}}})
    [finding] = check_health_checks(of_settings(settings, None))
    assert finding.level is Level.ERROR
    assert str(finding.subject) == "istio.values.sidecarInjectorWebhook.rewriteAppHTTPProbe"


def test_a_pod_whose_health_checks_are_refused_is_named():
    pod = make_pod(
        "app", namespace="trading", annotations={ANNOTATION: "false"}, containers=(Container("istio-proxy"),)
    )
    bare = replace(pod, name="bare", containers=())
    found = list(check_health_checks(of_settings(make_settings(), make_snapshot(pods=(pod, bare)))))
    assert [str(one.subject) for one in found] == ["pod trading/app"]


def test_without_mutual_tls_and_policies_health_checks_get_through():
    settings = make_settings(
        mtls={"mode": "PERMISSIVE"}, istio={"values": {"sidecarInjectorWebhook": {"rewriteAppHTTPProbe": False}}}
    )
    assert list(check_health_checks(of_settings(settings, None))) == []


def test_a_policy_for_another_port_alone_is_told_since_it_may_lock_the_gateway_out():
    elsewhere = {"p": {"rules": [{"principals": [INGRESS], "ports": [8888]}]}}
    found = [
        *check_gateway(of_settings(make_settings(traffic={**ROUTED, "authorization": {"policies": elsewhere}}), None))
    ]
    assert [one.level for one in found] == [Level.WARNING]
    assert (
        "lets the ingress gateway in on port 8888 alone, and service trading-app-service has port 80"
        in found[0].message
    )


def test_a_policy_for_the_services_port_says_nothing():
    assert judged([{"principals": [INGRESS], "ports": [80]}]) == []


def test_the_default_deny_of_a_further_namespace_locks_the_gateway_out_of_its_services_alone():
    route = {"hosts": ["r.example"], "gateways": ["trading-gateway"], "http": [{"to": [{"service": "api"}]}]}
    traffic = {**ROUTED, "routes": {**ROUTED["routes"], "api": {"namespace": "research", **route}}}
    deny = {"enabled": True, "allowIngress": False, "allowNamespaces": []}
    [finding] = check_gateway(
        of_settings(make_settings(namespaces={"research": {"defaultDeny": deny}}, traffic=traffic), None)
    )
    assert str(finding.subject) == "namespaces.research.defaultDeny"
    assert "locks the ingress gateway out of service api" in finding.message


def test_a_policy_of_another_namespace_locks_nobody_out():
    policy = {"namespace": "research", "rules": [{"namespaces": ["argocd"]}]}
    traffic = {**ROUTED, "authorization": {"policies": {"p": policy}}}
    assert list(check_gateway(of_settings(make_settings(namespaces={"research": {}}, traffic=traffic), None))) == []


def test_the_first_policy_by_name_is_the_one_that_is_named():
    two = {name: {"rules": [{"namespaces": ["argocd"]}]} for name in ("b", "a", "c")}
    settings = make_settings(traffic={**ROUTED, "authorization": {"policies": two}})
    (finding,) = check_gateway(of_settings(settings, make_snapshot()))
    assert finding.name == "traffic.authorization.policies.a"
