"""The findings about routes, of the settings and of others, that lead to services which take orders."""

from typing import Any

import pytest

from pi_mesh.checks.finding import NEXT, Finding
from pi_mesh.checks.traffic import orders
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_settings
from tests.support.findings import assert_lines, case, table
from tests.support.snapshots import make_pod, make_snapshot
from tests.support.traffic_problems import of_settings

LABELS = {"app": "orders"}
ORDERS = {"orders": {"ports": [80], "takesOrders": True, "selector": LABELS}}
OWN_ROUTE = {"orders": {**ORDERS["orders"], "defaultRoute": False}}
FULL, METRICS = "orders.trading.svc.cluster.local", "orders-metrics.trading.svc.cluster.local"
PODS = tuple(
    make_pod(name, namespace=namespace, labels={"app": name})
    for name, namespace in (("orders", "trading"), ("prices", "trading"), ("orders", "elsewhere"))
)
SERVICES = tuple(
    Service(namespace, name, ports=(80,), selector=selector)
    for namespace, name, selector in (
        ("trading", "orders", LABELS),
        ("trading", "orders-metrics", LABELS),
        ("trading", "prices", {"app": "prices"}),
        ("trading", "bare", {}),
        ("elsewhere", "orders-metrics", LABELS),
    )
)
MIRROR, MIRRORS = {"mirror": {"host": "copy"}}, {"mirrors": [{"destination": {"host": "copy"}}]}
FAULT = {"fault": {"abort": {"httpStatus": 500}}}
UNSAFE = {"attempts": 2, "retryOn": "5xx,reset"}
MINE = "traffic.routes.shop.http[0].retries.retryOn: repeats requests of every method after 5xx, reset"
DEFAULT = "proxy.defaultRetries.retryOn: repeats requests of every method after 503"


def lines_of(*routes: Policy, services: dict = ORDERS, unreadable: tuple = (), **more: object) -> list[Finding]:
    snapshot = make_snapshot(routes=routes, pods=PODS, services=SERVICES, unreadable=unreadable)
    settings = make_settings(traffic={"services": services, **more})
    return [*orders.check_routes(of_settings(settings, snapshot))]


def to(host: str = FULL, retries: int | None = 0, **more: object) -> dict[str, Any]:
    attempts = {} if retries is None else {"retries": {"attempts": retries}}
    return {"route": [{"destination": {"host": host}}], **attempts, **more}


def route(*rules: dict, hosts: tuple = ("shop.example",), **more: object) -> Policy:
    spec = {"hosts": list(hosts), "http": list(rules), **more}
    return Policy("VirtualService", "shop", "theirs", spec, manager="Helm release shop/web")


def of_gateway_api(kind: str = "HTTPRoute", **rule: object) -> Policy:
    backend = {"name": "orders", "namespace": "trading", "port": 80}
    return Policy(kind, "shop", "theirs", {"rules": [{"backendRefs": [backend], **rule}]})


ROOT = route({"delegate": {"name": "below", "namespace": "trading"}, "retries": {"attempts": 4}})
BELOW, CALM = (Policy("VirtualService", "trading", "below", {"http": [to("orders", n)]}) for n in (None, 0))
OWN = Policy("VirtualService", "trading", "orders-without-retries", {"hosts": ["orders"], "http": []})
THEIRS = "VirtualService shop/theirs: "
BY = "; managed by Helm release shop/web"
COPIED = f"ERROR {THEIRS}mirrors requests to service orders{BY}"
RIVAL = "ERROR routes service orders for sidecars, which take either it or…services.orders.defaultRoute: false"
COPY = [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "copy"}}}]


@table(
    case("retries", [route(to(retries=3))], f"ERROR {THEIRS}repeats requests to service orders up to 3 times{BY}"),
    case("a mirror", [route(to(**MIRROR))], COPIED),
    case("several mirrors", [route(to(**MIRRORS))], COPIED),
    case("orders as the mirror", [route(to("prices", None, mirror={"host": FULL}))], COPIED),
    case("a fault", [route(to(**FAULT))], "ERROR delays or aborts requests to service orders (fault)"),
    case("all is one line", [route(to(retries=2, **MIRROR, **FAULT))], "ERROR repeats…mirrors…aborts"),
    case("by default", [route(to(retries=None))], "WARNING leaves retries of requests to service orders to the me"),
    case("without retries", [route(to())], "OK "),
    case("of another service", [route(to("prices", None))], "OK "),
    case("retries of another service", [route(to("prices.trading.svc.cluster.local", 3))], "OK "),
    case("retries of one without a selector", [route(to("bare.trading.svc.cluster.local", 3))], "OK "),
    case("retries of one elsewhere", [route(to("orders-metrics.elsewhere.svc.cluster.local", 3))], "OK "),
    case("a delegate inherits retries", [ROOT, BELOW], f"ERROR {THEIRS}repeats requests to service orders up to 4"),
    case("a delegate switches retries off", [ROOT, CALM], "OK "),
    case("a delegate that does not exist", [ROOT], "OK "),
    case("the Gateway API", [of_gateway_api(retry={"codes": [503]})], "ERROR repeats…orders up to 2 times"),
    case("its retries", [of_gateway_api(retry={"attempts": 5})], "ERROR repeats…orders up to 5 times"),
    case("its mirror", [of_gateway_api(filters=COPY)], "ERROR mirrors"),
    case("its route without retries", [of_gateway_api()], "OK "),
    case("gRPC without retries", [of_gateway_api("GRPCRoute")], "OK "),
    case("a second route for sidecars, which take one of both", [route(to(), hosts=(FULL,))], RIVAL),
    case("a route at a gateway", [route(to(), hosts=(FULL,), gateways=["shop/door"])], "OK "),
    case("the stack's own route", [OWN], "OK "),
    case("the same pods", [route(to(METRICS, 2))], "WARNING orders-metrics up to 2 times, whose pods take orders"),
)
def test_a_route_of_others_that_repeats_mirrors_or_fails_orders_is_named(routes, line):
    assert_lines(lines_of(*routes), line)


def test_the_only_route_for_sidecars_may_be_one_of_others():
    assert_lines(lines_of(route(to(), hosts=(FULL,)), services=OWN_ROUTE), "OK ")


def test_routes_that_may_not_be_listed_are_unknown():
    assert_lines(lines_of(unreadable=("VirtualService",)), "UNKNOWN VirtualService may not be listed")


def test_without_such_a_service_nothing_is_said():
    assert [*orders.check_routes(of_settings(make_settings(), make_snapshot(routes=(route(to(retries=3)),))))] == []


def test_one_row_says_that_no_route_repeats_orders():
    settings = make_settings(traffic={"services": ORDERS})
    (row,) = orders.check_routes(of_settings(settings, make_snapshot(routes=(route(to()),))))
    assert_lines([row], "OK=1 1 service takes orders, and no route repeats, mirrors or fails them$")


@pytest.mark.parametrize("snapshot", [None, make_snapshot()], ids=["a preview without a cluster", "with one"])
def test_retries_of_a_route_of_the_settings_are_refused_even_for_idempotent_services(snapshot):
    rule = {"to": [{"service": FULL}], "retries": {"attempts": 1, "idempotent": True}}
    traffic = {"services": ORDERS, "routes": {"mine": {"hosts": ["orders"], "http": [rule]}}}
    first, *_ = orders.check_routes(of_settings(make_settings(traffic=traffic), snapshot))
    assert_lines([first], "ERROR traffic.routes.mine.http[0].retries: repeats…orders: an order could be executed twice")


def retries(given: dict, **more: object) -> dict:
    rule = {"to": [{"service": "shop"}], "retries": given, **more}
    return {"traffic": {"routes": {"shop": {"hosts": ["shop"], "http": [rule]}}}}


def default(on: str, **more: object) -> dict:
    return {"proxy": {"defaultRetries": {"attempts": 2, "retryOn": on, **more}}}


@table(
    case("of every method after a reset", retries(UNSAFE), f"WARNING {MINE}…pi-mesh {NEXT} refuses it"),
    case("of methods that read", retries(UNSAFE, methods=["GET", "HEAD"]), ""),
    case("of such a header", retries(UNSAFE, headers={":method": "GET"}), ""),
    case("of an idempotent service", retries({**UNSAFE, "idempotent": True}), ""),
    case("of unprocessed requests", retries({"attempts": 5}), ""),
    case("none", retries({"attempts": 0}), ""),
    case("a default that repeats POSTs", default("connect-failure,503"), f"ERROR {DEFAULT}"),
    case("a default for idempotent services", default("503", idempotent=True), ""),
)
def test_retries_that_could_repeat_an_order_are_told(settings, line):
    assert_lines(orders.check_retries(of_settings(make_settings(**settings), None)), line)
