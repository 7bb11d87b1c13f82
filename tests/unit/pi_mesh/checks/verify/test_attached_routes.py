"""Routes, the gateways that they name, and the services that they lead to."""

from dataclasses import replace
from typing import Any

from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import attached_routes
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_mesh
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, in_cluster, make_verification, unlisted, with_policies, without_policy

GATEWAY = Pod("istio-system", "gateway-0", {"istio": "ingressgateway"}, containers=(Container("istio-proxy"),))
APP = Service("trading", "app", ports=(80,), selector={"app": "app"})
SERVING = Pod("trading", "app-0", {"app": "app"}, containers=(Container("istio-proxy"),))
WEB = {"hosts": ["shop.example"], "gateways": ["web"], "http": [{"to": [{"service": "app", "port": 80}]}]}
MESH = make_mesh(traffic={"gateways": {"web": {"hosts": ["shop.example"]}}, "routes": {"web": WEB}})
ROUTED = in_cluster(make_verification(MESH), pods=(GATEWAY, SERVING), services=(APP,))
"""A mesh whose one route is attached, and leads to a service with a pod."""


def route(*gateways: str, host: str = "shop.example", to: str = "app", name: str = "other", **more: Any) -> Policy:
    spec = {"hosts": [host], "http": [{"route": [{"destination": {"host": to}}]}]}
    given = {"gateways": [*gateways]} if gateways else {}
    return Policy("VirtualService", more.get("namespace", "trading"), name, {**spec, **given})


def at(*gateways: str, host: str = "shop.example") -> Observation:
    """Return the mesh with a route of others at these gateways."""
    return with_policies(ROUTED, route(*gateways, host=host))


def wide(served: str, host: str) -> Observation:
    """Return the mesh with a route of others at a gateway that serves a host."""
    servers = [{"port": {"number": 80}, "hosts": [served]}]
    gateway = Policy("Gateway", "trading", "wide", {"selector": {"istio": "ingressgateway"}, "servers": servers})
    return with_policies(ROUTED, gateway, route("wide", host=host))


STRAYS = [route("gone", namespace="x", name=f"stray-{number}") for number in range(4)]
NO_GATEWAY = "attaches to no gateway: Gateway"
OURS = f"ERROR VirtualService trading/web: {NO_GATEWAY} trading/web does not exist"
EMPTY = "WARNING service trading/app: has no endpoints, and route trading/web leads requests to it: they get 503"
TWICE = "WARNING does not exist, and routes trading/other, trading/web lead requests to it"
OUTSIDE = with_policies(ROUTED, route(host="b.example", to="api.example.com"))


@table(
    case("attached, and to a pod", ROUTED, "OK 1 route attaches and leads to endpoints$"),
    case("no routes", HEALTHY, ""),
    case("ours whose gateway is gone", without_policy(ROUTED, "Gateway"), OURS),
    case("no such gateway", at("nowhere"), f"WARNING : {NO_GATEWAY} trading/nowhere does not exist"),
    case("none elsewhere", at("edge/nowhere"), f"WARNING : {NO_GATEWAY} edge/nowhere does not exist"),
    case("one of two", at("web", "nowhere"), "WARNING : Gateway trading/nowhere does not exist"),
    case("one beside the mesh", at("mesh", "nowhere"), "WARNING : Gateway trading/nowhere does not exist"),
    case("the host", at("web"), "OK "),
    case("any host", at("web", host="*"), "OK "),
    case("a wildcard of the host", at("web", host="*.example"), "OK "),
    case("another host", at("web", host="api.example"), "WARNING "),
    case("another wildcard", at("web", host="*.other"), "WARNING "),
    case("a listener of all", wide("*", "a.b"), "OK "),
    case("a listener of a namespace's wildcard", wide("x/*.b", "a.b"), "OK "),
    case("a wildcard is not its domain", wide("*.b", "b"), "WARNING "),
    case("no pod", in_cluster(ROUTED, pods=(SERVING,)), "ERROR Gateway trading/web selects no running pod"),
    case("many of others", with_policies(ROUTED, *STRAYS), "WARNING : 4 of other namespaces attach to no gateway"),
    case("no ready pod", in_cluster(ROUTED, pods=(GATEWAY, replace(SERVING, ready=False))), EMPTY),
    case("no service", in_cluster(with_policies(ROUTED, route(host="b.example")), services=()), TWICE),
    case("a host outside, and no selector", in_cluster(OUTSIDE, services=(replace(APP, selector={}),)), "OK "),
    case("gateways that may not be listed", unlisted(ROUTED, "Gateway"), "UNKNOWN "),
    case("services that may not be listed", in_cluster(ROUTED, unreadable=("services",)), "UNKNOWN "),
)
def test_a_route_is_judged_by_its_gateway_its_host_and_its_service(observed, line):
    assert_lines(attached_routes.check(observed), line)
