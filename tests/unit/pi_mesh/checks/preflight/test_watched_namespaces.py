"""The refusal to hide namespaces from istiod that the mesh needs."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.watched_namespaces import check
from pi_mesh.cluster import settings_objects
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.pods import Container
from tests.support.factories import make_mesh
from tests.support.snapshots import make_pod, make_snapshot

INJECTED = Namespace("shop", {"istio-injection": "enabled"})
PROXY = replace(make_pod("cart-0", namespace="shop"), containers=(Container("istio-proxy"),))


def found(cluster: dict, also: tuple[str, ...] = (), **settings: object) -> list[Finding]:
    mesh = make_mesh(istio={"discovery": {"limited": True, "also": list(also)}}, **settings)
    return list(check(Observation(mesh, make_snapshot(**cluster))))


def test_nothing_is_said_while_istiod_watches_everything():
    assert list(check(Observation(make_mesh(), make_snapshot(pods=(PROXY,))))) == []


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        ({"namespaces": (INJECTED,)}, "has injection (its label), and istiod would not watch it"),
        ({"pods": (PROXY,)}, "has the proxy of pod cart-0, and istiod would not watch it"),
        ({"shared_objects": (("shop", "VirtualService", "cart"),)}, "has VirtualService cart, and istiod would"),
    ],
)
def test_a_namespace_that_would_be_lost_is_refused_with_the_key_that_keeps_it(cluster, said):
    (finding,) = found(cluster)
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "namespace shop")
    assert finding.message.startswith(said)
    assert finding.fix == "add shop to istio.discovery.also, or set istio.discovery.limited: false"
    (fine,) = found(cluster, also=("shop",))
    assert fine.level is Level.OK


def test_a_namespace_of_the_list_is_watched():
    (fine,) = found({"pods": (PROXY,)}, namespaces={"shop": {}})
    assert fine.message.startswith("istiod watches istio-system, trading, shop, and the mesh needs no other")


def test_services_that_the_settings_name_are_watched_too():
    (finding,) = found({}, trading={"sidecarScope": ["./*", "monitoring/*"]})
    assert finding.message == "has Services that trading.sidecarScope names, and istiod would not watch it"
    to = [{"service": "api.shop.svc.cluster.local"}]
    (finding,) = found({}, traffic={"routes": {"r": {"hosts": ["a.example"], "http": [{"to": to}]}}})
    assert (finding.name, "traffic.routes.r.http[0].to[0]" in finding.message) == ("shop", True)


def test_many_uses_are_counted():
    pods = tuple(replace(PROXY, name=f"cart-{number}") for number in range(5))
    (finding,) = found({"pods": pods})
    assert finding.message.startswith(
        "has the proxy of pod cart-0, the proxy of pod cart-1, the proxy of pod cart-2 and 2"
    )


def test_what_may_not_be_listed_is_unknown_and_not_well():
    (finding,) = found({"unreadable": (settings_objects.UNREADABLE,)})
    assert finding.level is Level.UNKNOWN
