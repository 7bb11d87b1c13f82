"""Orders that no proxy repeats, although the service fails after it has read them."""

from collections.abc import Iterator

import pytest

from lab.calls import settled
from lab.cluster.environment import variables
from lab.cluster.kubectl import staying_pods
from lab.cluster.names import CONTEXT
from lab.workloads import SELF, TRADING, apply, delete
from pi_mesh.checks.finding import Level
from pi_mesh.checks.traffic import orders
from pi_mesh.cluster import routes, snapshot
from pi_mesh.settings import Settings
from tests.live.traffic import cast
from tests.live.traffic.order_service import FAILURES, PLAIN, SERVED, SERVICES, every_url, repeated, serving
from tests.live.traffic.rules import rules
from tests.support.factories import make_settings
from tests.support.proxy import Proxy
from tests.support.traffic_problems import of_settings

pytestmark = pytest.mark.usefixtures("servers")

COUNT = 10
"""Orders for each failure of each server."""
TAKE_ORDERS = {name: {"ports": [80], "takesOrders": True} for name in SERVICES}
EVERY_URL = every_url(*SERVICES)
ISTIOS_OWN = {"attempts": 2}
"""Retries without conditions, for which Istio takes its own."""
REPEATING = {
    SERVED: {
        "reset": {"attempts": 2, "retryOn": "503"},
        "busy": {"attempts": 2, "retryOn": "503"},
        "unavailable": ISTIOS_OWN,
    },
    PLAIN: {"reset": {"attempts": 2, "retryOn": "reset"}},
}
"""Retries that repeat a failed order, by server and failure."""


@pytest.fixture(scope="module")
def servers(workloads: None) -> Iterator[None]:  # noqa: ARG001 - the callers
    """Run the servers."""
    with serving():
        yield


def _never(seen: dict[str, int]) -> bool:
    return {*seen.values()} == {0}


def test_an_order_that_was_read_is_repeated_by_no_default(figure):
    seen = repeated(cast.CLIENT, EVERY_URL, COUNT)
    assert _never(seen), seen
    figure(_sentence(seen, EVERY_URL))


def test_retries_for_such_failures_repeat_orders_so_that_the_count_can_fail(figure):
    urls = {(name, way): f"http://{name}.{TRADING}/{way}" for name, ways in REPEATING.items() for way in ways}
    routed = [_virtual_service(name, ways) for name, ways in REPEATING.items()]
    apply(routed)
    try:
        assert settled(lambda: min(repeated(cast.CLIENT, urls, 1).values()) > 0, True) is True
        seen = repeated(cast.CLIENT, urls, COUNT)
    finally:
        delete(routed)
    assert seen == dict.fromkeys(seen, 2 * COUNT)
    figure(_sentence(seen, urls))


def test_a_service_that_takes_orders_gets_each_once_and_its_route_has_no_retries(figure):
    with rules(services=TAKE_ORDERS):
        assert settled(_retry_policies, [None, None]) == [None, None]
        seen = repeated(cast.CLIENT, EVERY_URL, COUNT)
    assert _never(seen), seen
    figure(_sentence(seen, EVERY_URL))


def test_the_ingress_gateway_repeats_no_order(figure):
    urls = {(SERVED, way): f"{cast.INGRESS_URL}/{way}" for way in FAILURES}
    with rules(services=TAKE_ORDERS, **cast.front_door(SERVED)):
        assert settled(lambda: _arrives(urls), True) is True
        seen = repeated(cast.OUTSIDER, urls, COUNT)
    assert _never(seen), seen
    figure(_sentence(seen, urls))


def test_a_route_of_others_that_repeats_orders_is_found_in_the_cluster(monkeypatch):
    for name, value in variables().items():
        monkeypatch.setenv(name, value)
    rogue = _virtual_service(SERVED, REPEATING[SERVED], hosts=["shop.example"])
    settings = make_settings(cluster={"context": CONTEXT}, traffic={"services": TAKE_ORDERS})
    assert _levels(settings) == {Level.OK}
    apply([rogue])
    try:
        assert _levels(settings) == {Level.ERROR}
    finally:
        delete([rogue])


def _retry_policies() -> list[dict | None]:
    """Return the retry policies that the client's sidecar has for the servers."""
    pod = staying_pods(TRADING, f"{SELF}={cast.CLIENT.name}")[0]["metadata"]["name"]
    proxy = Proxy(TRADING, pod)
    found = (proxy.routes(f"{name}.{TRADING}.svc.cluster.local") for name in SERVICES)
    return [one["route"].get("retryPolicy") for routes in found for one in routes]


def _levels(settings: Settings) -> set[Level]:
    seen = routes.with_routes(snapshot.read(settings.cluster.context), settings)
    return {finding.level for finding in orders.check_routes(of_settings(settings, seen))}


def _arrives(urls: dict[tuple[str, str], str]) -> bool:
    """Return True once an order reaches the server; until then the gateway answers 404."""
    return min(repeated(cast.OUTSIDER, urls, 1).values()) >= 0


def _virtual_service(name: str, ways: dict[str, dict], hosts: list[str] | None = None) -> dict:
    http = [
        {
            "match": [{"uri": {"prefix": f"/{way}"}}],
            "route": [{"destination": {"host": f"{name}.{TRADING}.svc.cluster.local"}}],
            "retries": retries,
        }
        for way, retries in ways.items()
    ]
    metadata = {"name": f"rogue-{name}", "namespace": TRADING}
    spec = {"hosts": hosts or [name], "http": http}
    return {"apiVersion": "networking.istio.io/v1beta1", "kind": "VirtualService", "metadata": metadata, "spec": spec}


def _sentence(seen: dict[str, int], urls: dict[tuple[str, str], str]) -> str:
    return f"{len(urls) * COUNT} orders sent, {sum(seen.values())} times repeated"
