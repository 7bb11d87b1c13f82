"""The refusal to hide namespaces from istiod that the mesh needs."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight.watched_namespaces import check
from pi_mesh.cluster import settings_objects
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.pods import Container
from tests.support.preflight_problems import observation
from tests.support.snapshots import make_pod, make_snapshot

PROXY = replace(make_pod("cart-0", namespace="shop"), containers=(Container("istio-proxy"),))
FIVE = tuple(replace(PROXY, name=f"cart-{number}") for number in range(5))


def found(cluster: dict, also: tuple[str, ...] = (), **settings: object) -> list[Finding]:
    discovery = {"limited": True, "also": list(also)}
    return [*check(observation(make_snapshot(**cluster), istio={"discovery": discovery}, **settings))]


ROUTE = {"hosts": ["a.example"], "http": [{"to": [{"service": "api.shop.svc.cluster.local"}]}]}
MORE = "the proxy of pod cart-2 and 2 more"
USES = {
    "injection": ({"namespaces": (Namespace("shop", {"istio-injection": "enabled"}),)}, {}, "injection (its label)"),
    "a proxy": ({"pods": (PROXY,)}, {}, "the proxy of pod cart-0"),
    "many proxies": ({"pods": FIVE}, {}, "the proxy of pod cart-0, the proxy of pod cart-1, " + MORE),
    "an object of Istio": ({"shared_objects": (("shop", "VirtualService", "cart"),)}, {}, "VirtualService cart"),
    "Services of a scope":
        ({}, {"trading": {"sidecarScope": ["./*", "shop/*"]}}, "Services that trading.sidecarScope names"),
    "the Service of a route":
        ({}, {"traffic": {"routes": {"r": ROUTE}}}, "Services that traffic.routes.r.http[0].to[0] names"),
}  # fmt: skip


@pytest.mark.parametrize(("cluster", "settings", "use"), USES.values(), ids=USES)
def test_a_namespace_that_would_be_lost_is_refused_with_the_key_that_keeps_it(cluster, settings, use):
    (finding,) = found(cluster, **settings)
    assert (finding.level, str(finding.subject)) == ("error", "namespace shop")
    assert finding.message == f"has {use}, and istiod would not watch it"
    assert finding.fix == "add shop to istio.discovery.also, or set istio.discovery.limited: false"
    assert [finding.level for finding in found(cluster, also=("shop",), **settings)] == ["ok"]


def test_nothing_is_said_while_istiod_watches_everything():
    assert [*check(observation(make_snapshot(pods=(PROXY,))))] == []


def test_a_namespace_of_the_list_is_watched():
    (fine,) = found({"pods": (PROXY,)}, namespaces={"shop": {}})
    assert fine.message.startswith("istiod watches istio-system, trading, shop, and the mesh needs no other")


def test_what_may_not_be_listed_is_unknown_and_not_well():
    assert [finding.level for finding in found({"unreadable": (settings_objects.UNREADABLE,)})] == ["unknown"]
