"""The refusal to hide namespaces from istiod that the mesh needs."""

from dataclasses import replace

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight.watched_namespaces import check
from pi_mesh.cluster import settings_objects
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.pods import Container
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import make_pod, make_snapshot

PROXY = replace(make_pod("cart-0", namespace="shop"), containers=(Container("istio-proxy"),))
FIVE = tuple(replace(PROXY, name=f"cart-{number}") for number in range(5))
ROUTE = {"hosts": ["a.example"], "http": [{"to": [{"service": "api.shop.svc.cluster.local"}]}]}
ASKED = {"authorizers": {"a": {"service": "oauth.shop.svc.cluster.local", "port": 80}}}


def told(cluster: dict, also: tuple[str, ...] = (), limited: bool = True, **settings: object) -> list[Finding]:
    discovery = {"limited": limited, "also": list(also)}
    return [*check(observation(make_snapshot(**cluster), istio={"discovery": discovery}, **settings))]


@table(
    case("a label", {"namespaces": (Namespace("shop", {"istio-injection": "enabled"}),)}, {}, "injection (its label)"),
    case("a proxy", {"pods": (PROXY,)}, {}, "the proxy of pod cart-0"),
    case("many proxies", {"pods": FIVE}, {}, "the proxy of pod cart-0, …, the proxy of pod cart-2 and 2 more"),
    case("an object of Istio", {"shared_objects": (("shop", "VirtualService", "cart"),)}, {}, "VirtualService cart"),
    case("Services of a scope", {}, {"trading": {"sidecarScope": ["./*", "shop/*"]}}, "…trading.sidecarScope names"),
    case("the Service of a route", {}, {"traffic": {"routes": {"r": ROUTE}}}, "…traffic.routes.r.http[0].to[0] names"),
    case("an authorizer", {}, {"traffic": {"authorization": ASKED}}, "…traffic.authorization.authorizers.a names"),
)
def test_a_namespace_that_would_be_lost_is_refused_with_the_key_that_keeps_it(cluster, settings, use):
    fix = "add shop to istio.discovery.also, or set istio.discovery.limited: false"
    line = f"error namespace shop: has {use}, and istiod would not watch it; {fix}"
    assert_told(told(cluster, **settings), line)
    assert_told(told(cluster, also=("shop",), **settings), "ok istio.discovery: istiod watches")
    assert_told(told(cluster, limited=False, **settings))


def test_a_namespace_of_the_list_is_watched():
    line = "ok istio.discovery: istiod watches istio-system, trading, shop, and the mesh needs no other namespace [3]"
    assert_told(told({"pods": (PROXY,)}, namespaces={"shop": {}}), line)


def test_what_may_not_be_listed_is_unknown_and_not_well():
    assert_told(told({"unreadable": (settings_objects.UNREADABLE,)}), "unknown istio.discovery: it was not checked")
