"""The findings about routes, of the settings and of others, that lead to services which take orders."""

from typing import Any

import pytest

from pi_mesh.checks.finding import NEXT
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.traffic import orders
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_settings
from tests.support.findings import assert_lines, case, table
from tests.support.snapshots import make_pod, make_snapshot
from tests.support.traffic_problems import of_settings
from tests.support.versions import NEWEST

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


def beside(*routes: Policy, services: dict = ORDERS, unreadable: tuple = (), **settings: object) -> Observation:
    """Return the settings of these services, in a cluster with these routes of others."""
    snapshot = make_snapshot(routes=routes, pods=PODS, services=SERVICES, unreadable=unreadable)
    return of_settings(make_settings(traffic={"services": services}, **settings), snapshot)


def to(host: str = FULL, retries: int | None = 0, **more: object) -> dict[str, Any]:
    attempts = {} if retries is None else {"retries": {"attempts": retries}}
    return {"route": [{"destination": {"host": host}}], **attempts, **more}


def route(*rules: dict, hosts: tuple = ("shop.example",), **more: object) -> Policy:
    spec = {"hosts": list(hosts), "http": list(rules), **more}
    return Policy("VirtualService", "shop", "theirs", spec, manager="Helm release shop/web")


def of_gateway_api(kind: str = "HTTPRoute", **rule: object) -> Policy:
    backend = {"name": "orders", "namespace": "trading", "port": 80}
    return Policy(kind, "shop", "theirs", {"rules": [{"backendRefs": [backend], **rule}]})


def of_service(parent: str) -> Policy:
    return Policy("HTTPRoute", "trading", "theirs", {"parentRefs": [{"kind": parent, "name": "orders"}]})


ROOT = route({"delegate": {"name": "below", "namespace": "trading"}, "retries": {"attempts": 4}})
BELOW, CALM = (Policy("VirtualService", "trading", "below", {"http": [to("orders", n)]}) for n in (None, 0))
OWN = Policy("VirtualService", "trading", "orders-without-retries", {"hosts": ["orders"], "http": []})
THEIRS = "VirtualService shop/theirs: "
BY = "; managed by Helm release shop/web"
ALL_WELL = "OK=1 1 service takes orders, and no route repeats, mirrors or fails them"
COPIED = f"ERROR {THEIRS}mirrors requests to service orders{BY}"
RIVAL = "ERROR routes service orders for sidecars, which take either it or…services.orders.defaultRoute: false"
CONFIG = "to the mesh config; it names no manager; set "
COPY = [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "copy"}}}]


@table(
    case("retries", beside(route(to(retries=3))), f"ERROR {THEIRS}repeats…to service orders up to 3 times{BY}"),
    case("a mirror", beside(route(to(**MIRROR))), COPIED),
    case("several mirrors", beside(route(to(**MIRRORS))), COPIED),
    case("orders as the mirror", beside(route(to("prices", None, mirror={"host": FULL}))), COPIED),
    case("a fault", beside(route(to(**FAULT))), "ERROR delays or aborts requests to service orders (fault)"),
    case("all is one line", beside(route(to(retries=2, **MIRROR, **FAULT))), "ERROR repeats…mirrors…aborts"),
    case("by default", beside(route(to(retries=None))), "WARNING leaves retries of requests to service orders to"),
    case("without retries", beside(route(to())), f"{ALL_WELL}$"),
    case("of another service", beside(route(to("prices", None))), "OK "),
    case("retries of another service", beside(route(to("prices.trading.svc.cluster.local", 3))), "OK "),
    case("retries of one without a selector", beside(route(to("bare.trading.svc.cluster.local", 3))), "OK "),
    case("retries of one elsewhere", beside(route(to("orders-metrics.elsewhere.svc.cluster.local", 3))), "OK "),
    case("a delegate inherits retries", beside(ROOT, BELOW), f"ERROR {THEIRS}repeats requests to…orders up to 4"),
    case("a delegate switches retries off", beside(ROOT, CALM), "OK "),
    case("a delegate that does not exist", beside(ROOT), "OK "),
    case("the Gateway API", beside(of_gateway_api(retry={"codes": [503]})), "ERROR repeats…orders up to 2 times"),
    case("its retries", beside(of_gateway_api(retry={"attempts": 5})), "ERROR repeats…orders up to 5 times"),
    case("its mirror", beside(of_gateway_api(filters=COPY)), "ERROR mirrors"),
    case("its route without retries", beside(of_gateway_api()), f"WARNING leaves retries…{CONFIG}proxy.defaultRetries"),
    case("gRPC without retries", beside(of_gateway_api("GRPCRoute")), f"WARNING leaves…{CONFIG}proxy.defaultRetries"),
    case("where the mesh has none", beside(of_gateway_api(), proxy={"defaultRetries": {"attempts": 0}}), "OK "),
    case("a second route for sidecars, which take one of both", beside(route(to(), hosts=(FULL,))), RIVAL),
    case("a route of the Gateway API for sidecars", beside(of_service("Service")), RIVAL),
    case("one of a Gateway of that name", beside(of_service("Gateway")), ALL_WELL),
    case("a route at a gateway", beside(route(to(), hosts=(FULL,), gateways=["shop/door"])), "OK "),
    case("the stack's own route", beside(OWN), "OK "),
    case("the only route for sidecars", beside(route(to(), hosts=(FULL,)), services=OWN_ROUTE), "OK "),
    case("routes that may not be listed", beside(unreadable=("VirtualService",)), "UNKNOWN VirtualService may not be"),
    case("no service that takes orders", beside(route(to(retries=3)), services={}), ""),
    case("the same pods", beside(route(to(METRICS, 2))), "WARNING orders-metrics up to 2 times, whose pods"),
)
def test_a_route_of_others_that_repeats_mirrors_or_fails_orders_is_named(observed, line):
    assert_lines(orders.check_routes(observed), line)


@pytest.mark.parametrize("snapshot", [None, make_snapshot()], ids=["a preview without a cluster", "with one"])
def test_retries_of_a_route_of_the_settings_are_refused_even_for_idempotent_services(snapshot):
    rule = {"to": [{"service": FULL}], "retries": {"attempts": 1, "idempotent": True}}
    traffic = {"services": ORDERS, "routes": {"mine": {"hosts": ["orders"], "http": [rule]}}}
    first, *_ = orders.check_routes(of_settings(make_settings(traffic=traffic), snapshot))
    assert_lines([first], "ERROR traffic.routes.mine.http[0].retries: repeats…orders: an order could be executed twice")


LEFT = "ERROR traffic.routes.mine.http[0].to: leaves retries of requests to service orders to the mesh config"


@table(case("left to the mesh config", 2, LEFT), case("switched off", 0, "OK "))
def test_a_route_of_gateway_api_leads_to_orders_only_where_the_mesh_config_has_no_retries(attempts, line):
    routes = {"mine": {"hosts": ["orders"], "http": [{"to": [{"service": "orders"}]}]}}
    traffic = {"api": "gateway", "services": ORDERS, "routes": routes}
    proxy = {"defaultRetries": {"attempts": attempts}}
    settings = make_settings(istio={"version": NEWEST}, proxy=proxy, traffic=traffic)
    first, *_ = orders.check_routes(of_settings(settings, make_snapshot()))
    assert_lines([first], line)


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
