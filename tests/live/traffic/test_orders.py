"""Orders that no proxy repeats, although the service fails after it has read them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from lab.calls import settled, statuses
from lab.cluster.kubectl import kubectl, staying_pods
from lab.cluster.names import CONTEXT
from lab.toolchain.images import PAUSE
from lab.workloads import MARK, ROOM, SELF, TRADING, Workload, service
from pi_mesh.checks.finding import Level
from pi_mesh.checks.traffic import orders
from pi_mesh.cluster import routes, snapshot
from pi_mesh.settings import Settings
from tests.live.traffic import cast
from tests.live.traffic.cast import rules
from tests.support.factories import make_settings
from tests.support.objects import present
from tests.support.proxies import Proxy
from tests.support.traffic_problems import of_settings

pytestmark = pytest.mark.usefixtures("servers")

SERVED, PLAIN = "orders", "orders-plain"
"""The Services of a server with a sidecar, whose reset a caller's proxy sees as a 503, and of one without."""
SERVICES = (SERVED, PLAIN)
FAILURES = ("reset", "busy", "unavailable")
"""Paths after which the server resets the connection, answers 503, and answers 200 with gRPC's status 14."""
BUSYBOX = "/bin/busybox"
READ = "/orders-read"  # file with the request line of each POST that the server has read
SCRIPT = f"""
length=0
while read -r line; do
  case "$line" in
    POST*) echo "$line" >> {READ}; asked=$line;;
    GET*) asked=$line;;
    [Cc]ontent-[Ll]ength:*) length=${{line#*: }}; length=${{length%?}};;
  esac
  [ ${{#line}} -le 1 ] && break
done
case "$asked" in *" /reset"*) exit;; esac
{BUSYBOX} head -c "$length" > /dev/null
case "$asked" in
  *" /busy"*) echo "HTTP/1.1 503 Service Unavailable";;
  *" /unavailable"*) echo "HTTP/1.1 200 OK"; echo "grpc-status: 14";;
  *) echo "HTTP/1.1 200 OK";;
esac
printf 'Content-Length: 0\\r\\nConnection: close\\r\\n\\r\\n'
"""
"""One connection's server. It leaves the body of a POST to /reset unread, so that the kernel sends a reset."""
COUNT = 10  # orders for each failure of each server
TAKE_ORDERS = {name: {"ports": [80], "takesOrders": True} for name in SERVICES}
EVERY_URL = {(name, way): f"http://{name}.{TRADING}/{way}" for name in SERVICES for way in FAILURES}
ISTIOS_OWN = {"attempts": 2}  # retries without conditions, for which Istio takes its own
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
    """Run both servers."""
    with present([*(service(name, {"app": name}, http=8080) for name in SERVICES), *map(_deployment, SERVICES)]):
        for name in SERVICES:
            kubectl("rollout", "status", "--timeout=120s", "-n", TRADING, f"deployment/{name}")
        yield


def orders_read() -> dict[str, Counter[str]]:
    """Return the orders that each server has read so far, by the failure that followed."""
    read = ("--container=server", "--", BUSYBOX, "cat", READ)
    lines = {name: kubectl("exec", "-n", TRADING, f"deployment/{name}", *read).splitlines() for name in SERVICES}
    return {name: Counter(line.split()[1].strip("/") for line in lines[name]) for name in SERVICES}


def repeated(client: Workload, urls: Mapping[tuple[str, str], str], count: int) -> dict[str, int]:
    """Send `count` orders to each URL, each once, and return how often they were repeated, by server and failure."""
    before = orders_read()
    for url in urls.values():
        assert sum(statuses(client, url, count, connections=1, payload="buy").values()) == count
    after = orders_read()
    return {f"{name} {way}": after[name][way] - before[name][way] - count for name, way in urls}


def must_repeat(times: int, client: Workload, urls: Mapping[tuple[str, str], str]) -> str:
    """Send orders to each URL, all of which must be repeated so many times, and return a sentence about them."""
    seen = repeated(client, urls, COUNT)
    assert seen == dict.fromkeys(seen, times * COUNT)
    return f"{len(urls) * COUNT} orders sent, {sum(seen.values())} times repeated"


def test_an_order_that_was_read_is_repeated_by_no_default(figure):
    figure(must_repeat(0, cast.CLIENT, EVERY_URL))


def test_retries_for_such_failures_repeat_orders_so_that_the_count_can_fail(figure):
    urls = {(name, way): f"http://{name}.{TRADING}/{way}" for name, ways in REPEATING.items() for way in ways}
    routed = [_virtual_service(name, ways) for name, ways in REPEATING.items()]
    with present(routed):
        assert settled(lambda: min(repeated(cast.CLIENT, urls, 1).values()) > 0, True) is True
        figure(must_repeat(2, cast.CLIENT, urls))


def test_a_service_that_takes_orders_gets_each_once_and_its_route_has_no_retries(figure):
    with rules(services=TAKE_ORDERS):
        assert settled(_retry_policies, [None, None]) == [None, None]
        figure(must_repeat(0, cast.CLIENT, EVERY_URL))


def test_the_ingress_gateway_repeats_no_order(figure):
    urls = {(SERVED, way): f"{cast.INGRESS_URL}/{way}" for way in FAILURES}
    with rules(services=TAKE_ORDERS, **cast.front_door(SERVED)):
        # Until an order reaches the server the gateway answers 404.
        assert settled(lambda: min(repeated(cast.OUTSIDER, urls, 1).values()) >= 0, True) is True
        figure(must_repeat(0, cast.OUTSIDER, urls))


@pytest.mark.usefixtures("as_user")
def test_a_route_of_others_that_repeats_orders_is_found_in_the_cluster():
    rogue = _virtual_service(SERVED, REPEATING[SERVED], hosts=["shop.example"])
    settings = make_settings(cluster={"context": CONTEXT}, traffic={"services": TAKE_ORDERS})
    assert _levels(settings) == {Level.OK}
    with present([rogue]):
        assert _levels(settings) == {Level.ERROR}


def _retry_policies() -> list[dict | None]:
    """Return the retry policies that the client's sidecar has for the servers."""
    pod = staying_pods(TRADING, f"{SELF}={cast.CLIENT.name}")[0]["metadata"]["name"]
    proxy = Proxy(TRADING, pod)
    found = (proxy.routes(f"{name}.{TRADING}.svc.cluster.local") for name in SERVICES)
    return [one["route"].get("retryPolicy") for routes in found for one in routes]


def _levels(settings: Settings) -> set[Level]:
    seen = routes.with_routes(snapshot.read(settings.cluster.context), settings)
    return {finding.level for finding in orders.check_routes(of_settings(settings, seen))}


def _virtual_service(name: str, ways: dict[str, dict], hosts: list[str] | None = None) -> dict:
    route = [{"destination": {"host": f"{name}.{TRADING}.svc.cluster.local"}}]
    match = {way: [{"uri": {"prefix": f"/{way}"}}] for way in ways}
    http = [{"match": match[way], "route": route, "retries": retries} for way, retries in ways.items()]
    metadata = {"name": f"rogue-{name}", "namespace": TRADING}
    spec = {"hosts": hosts or [name], "http": http}
    return {"apiVersion": "networking.istio.io/v1beta1", "kind": "VirtualService", "metadata": metadata, "spec": spec}


def _deployment(name: str) -> dict[str, Any]:
    container = {
        "name": "server",
        "image": PAUSE,
        "command": [BUSYBOX, "sh", "-c", f': > {READ}; exec {BUSYBOX} nc -ll -p 8080 -e {BUSYBOX} sh -c "$SCRIPT"'],
        "env": [{"name": "SCRIPT", "value": SCRIPT}],
        "ports": [{"containerPort": 8080}],
        "resources": ROOM,
    }
    labels = {"app": name, "sidecar.istio.io/inject": str(name == SERVED).lower()}
    pod = {"terminationGracePeriodSeconds": 1, "containers": [container]}
    metadata = {"name": name, "namespace": TRADING, "labels": MARK}
    spec = {"selector": {"matchLabels": {"app": name}}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
