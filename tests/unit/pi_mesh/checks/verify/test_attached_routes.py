"""Routes, the gateways that they name, and the services that they lead to."""

from dataclasses import replace
from typing import Any

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import attached_routes
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import in_cluster, make_verification, with_policies, without_policy

GATEWAY = Pod("istio-system", "gateway-0", {"istio": "ingressgateway"}, containers=(Container("istio-proxy"),))
APP = Service("trading", "app", ports=(80,), selector={"app": "app"})
SERVING = Pod("trading", "app-0", {"app": "app"}, containers=(Container("istio-proxy"),))
WEB = {"hosts": ["shop.example"], "gateways": ["web"], "http": [{"to": [{"service": "app", "port": 80}]}]}
TRAFFIC = {"gateways": {"web": {"hosts": ["shop.example"]}}, "routes": {"web": WEB}}


@pytest.fixture
def routed() -> Observation:
    """Return a mesh whose one route is attached, and leads to a service with a pod."""
    seen = make_verification(make_mesh(traffic=TRAFFIC))
    return in_cluster(seen, pods=(GATEWAY, SERVING), services=(APP,))


def route(host: str = "shop.example", namespace: str = "trading", to: str = "app", **spec: Any) -> Policy:
    rules = [{"route": [{"destination": {"host": to}}]}]
    return Policy("VirtualService", namespace, "other", {"hosts": [host], "http": rules, **spec})


def found(seen: Observation) -> list[Finding]:
    return list(attached_routes.check(seen))


def the(seen: Observation) -> Finding:
    (finding,) = found(seen)
    return finding


def test_a_route_that_is_attached_and_leads_to_a_pod_is_ok(routed):
    assert (the(routed).level, the(routed).message) == (
        Level.OK,
        "1 route attaches and leads to endpoints",
    )


def test_without_routes_nothing_is_said(healthy):
    assert found(healthy) == []


def test_a_route_of_the_settings_whose_gateway_is_gone_is_an_error(routed):
    finding = the(without_policy(routed, "Gateway"))
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "VirtualService trading/web")
    assert "attaches to no gateway: Gateway trading/web does not exist" in finding.message


@pytest.mark.parametrize(
    ("gateways", "said"),
    [
        (["nowhere"], "attaches to no gateway: Gateway trading/nowhere does not exist"),
        (["edge/nowhere"], "attaches to no gateway: Gateway edge/nowhere does not exist"),
        (["web", "nowhere"], "Gateway trading/nowhere does not exist"),
        (["mesh", "nowhere"], "Gateway trading/nowhere does not exist"),
    ],
)
def test_a_route_of_others_that_names_a_gateway_that_is_not_there_is_a_warning(routed, gateways, said):
    finding = the(with_policies(routed, route(gateways=gateways)))
    assert (finding.level, finding.message.startswith(said)) == (Level.WARNING, True)


@pytest.mark.parametrize(
    ("host", "attached"),
    [("shop.example", True), ("*", True), ("*.example", True), ("api.example", False), ("*.other", False)],
)
def test_a_route_attaches_by_its_hosts(routed, host, attached):
    levels = [one.level for one in found(with_policies(routed, route(host, gateways=["web"])))]
    assert levels == ([Level.OK] if attached else [Level.WARNING])


@pytest.mark.parametrize(
    ("served", "host", "attached"), [("*", "a.b", True), ("x/*.b", "a.b", True), ("*.b", "b", False)]
)
def test_a_listener_may_have_a_wildcard_or_a_namespace_before_its_host(routed, served, host, attached):
    servers = [{"port": {"number": 80}, "hosts": [served]}]
    gateway = Policy("Gateway", "trading", "wide", {"selector": {"istio": "ingressgateway"}, "servers": servers})
    seen = with_policies(routed, gateway, route(host, gateways=["wide"]))
    assert ([one.level for one in found(seen)] == [Level.OK]) is attached


def test_a_gateway_that_selects_no_running_pod_attaches_nothing(routed):
    seen = in_cluster(routed, pods=(SERVING,))
    assert "Gateway trading/web selects no running pod" in the(seen).message


def test_routes_of_other_namespaces_are_folded_when_they_are_many(routed):
    strays = [replace(route(namespace="x", gateways=["gone"]), name=f"stray-{number}") for number in range(4)]
    finding = the(with_policies(routed, *strays))
    assert finding.message.startswith("4 of other namespaces attach to no gateway")


def test_a_service_without_a_ready_pod_is_named_with_the_route_that_leads_to_it(routed):
    finding = the(in_cluster(routed, pods=(GATEWAY, replace(SERVING, ready=False))))
    assert (finding.level, str(finding.subject)) == (Level.WARNING, "service trading/app")
    assert finding.message == "has no endpoints, and route trading/web leads requests to it: they get 503"


def test_a_service_that_does_not_exist_is_named_once_for_all_routes(routed):
    finding = the(in_cluster(with_policies(routed, route("b.example")), services=()))
    assert finding.message == "does not exist, and routes trading/other, trading/web lead requests to it"


def test_a_host_outside_and_a_service_without_a_selector_are_not_judged(routed):
    bare = replace(APP, selector={})
    seen = in_cluster(with_policies(routed, route("b.example", to="api.example.com")), services=(bare,))
    assert the(seen).level is Level.OK


def test_kinds_that_may_not_be_listed_are_unknown(routed):
    hidden = replace(routed, policies=replace(routed.policies, unreadable=("Gateway",)))
    assert the(hidden).level is Level.UNKNOWN
    assert the(in_cluster(routed, unreadable=("services",))).level is Level.UNKNOWN
