"""The findings about routes, of the settings and of others, that lead to services which take orders."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import NEXT, Finding, Level
from pi_mesh.checks.traffic import orders
from pi_mesh.checks.traffic.orders import check_retries, check_routes
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_mesh, make_settings
from tests.support.healthy_mesh import make_verification
from tests.support.snapshots import make_pod, make_snapshot
from tests.support.traffic_problems import of_settings

LABELS = {"app": "orders"}
ORDERS = {"orders": {"ports": [80], "takesOrders": True, "selector": LABELS}}
FULL = "orders.trading.svc.cluster.local"
TO_ORDERS = {"route": [{"destination": {"host": FULL}}]}
TO_PRICES = {"route": [{"destination": {"host": "prices"}}]}
MIRROR = {"mirror": {"host": "copy"}}
FAULT = {"fault": {"abort": {"httpStatus": 500}}}
NONE = {"retries": {"attempts": 0}}


def told(*routes: Policy, services: dict = ORDERS, unreadable: tuple = (), **more: object) -> list[Finding]:
    settings = make_settings(traffic={"services": services, **more})
    pods = (make_pod("orders-1", namespace="trading", labels=LABELS),)
    near = (Service("trading", "orders", ports=(80,), selector=LABELS),)
    near += (Service("trading", "orders-metrics", ports=(9090,), selector=LABELS),)
    snapshot = make_snapshot(routes=routes, pods=pods, services=near, unreadable=unreadable)
    return [finding for finding in check_routes(of_settings(settings, snapshot)) if finding.level is not Level.OK]


def foreign(*rules: dict, hosts: tuple = ("shop.example",), name: str = "theirs", **more: object) -> Policy:
    spec = {"hosts": list(hosts), "http": list(rules), **more}
    return Policy("VirtualService", "shop", name, spec, manager="Helm release shop/web")


def of_gateway_api(kind: str = "HTTPRoute", **rule: object) -> Policy:
    backend = {"name": "orders", "namespace": "trading", "port": 80}
    return Policy(kind, "shop", "theirs", {"rules": [{"backendRefs": [backend], **rule}]})


def test_without_such_a_service_nothing_is_said():
    rogue = foreign({**TO_ORDERS, "retries": {"attempts": 3}})
    assert list(check_routes(of_settings(make_settings(), make_snapshot(routes=(rogue,))))) == []


def test_one_row_says_that_no_route_repeats_orders():
    settings = make_settings(traffic={"services": ORDERS})
    (row,) = check_routes(of_settings(settings, make_snapshot(routes=(foreign({**TO_ORDERS, **NONE}),))))
    assert (row.level, row.number) == (Level.OK, 1)
    assert row.message == "1 service takes orders, and no route repeats, mirrors or fails them"


def test_retries_of_a_route_of_the_settings_are_refused_even_for_idempotent_services():
    rule = {"to": [{"service": FULL}], "retries": {"attempts": 1, "idempotent": True}}
    (finding,) = told(routes={"mine": {"hosts": ["orders"], "http": [rule]}})
    assert finding.level is Level.ERROR
    assert str(finding).startswith(
        "traffic.routes.mine.http[0].retries: repeats requests to service orders: an order could be executed twice"
    )


def test_a_preview_without_a_cluster_judges_the_settings_alone():
    rule = {"to": [{"service": "orders"}], "retries": {"attempts": 1}}
    traffic = {"services": ORDERS, "routes": {"mine": {"hosts": ["orders"], "http": [rule]}}}
    assert [finding.level for finding in check_routes(of_settings(make_settings(traffic=traffic), None))] == [
        Level.ERROR
    ]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({**TO_ORDERS, "retries": {"attempts": 3}}, "repeats requests to service orders up to 3 times"),
        ({**TO_ORDERS, **NONE, **MIRROR}, "mirrors requests to service orders"),
        ({**TO_ORDERS, **NONE, "mirrors": [{"destination": {"host": "copy"}}]}, "mirrors requests to service orders"),
        ({**TO_PRICES, "mirror": {"host": FULL}}, "mirrors requests to service orders"),
        ({**TO_ORDERS, **NONE, **FAULT}, "delays or aborts requests to service orders (fault)"),
    ],
)
def test_a_route_of_others_that_repeats_mirrors_or_fails_orders_is_an_error(rule, says):
    (finding,) = told(foreign(rule))
    assert finding.level is Level.ERROR
    assert str(finding).startswith(f"VirtualService shop/theirs: {says}; managed by Helm release shop/web")


def test_all_that_one_route_does_is_one_line():
    (finding,) = told(foreign({**TO_ORDERS, "retries": {"attempts": 2}, **MIRROR, **FAULT}))
    assert [word in finding.message for word in ("repeats", "mirrors", "aborts")] == [True, True, True]


def test_a_route_that_leaves_retries_to_the_mesh_config_is_a_warning():
    (finding,) = told(foreign(TO_ORDERS))
    assert finding.level is Level.WARNING
    assert "leaves retries of requests to service orders to the mesh config" in finding.message


@pytest.mark.parametrize("rule", [{**TO_ORDERS, **NONE}, TO_PRICES, {**TO_PRICES, "retries": {"attempts": 3}}])
def test_a_route_without_retries_or_to_another_service_is_fine(rule):
    assert told(foreign(rule)) == []


def test_a_delegate_inherits_the_retries_of_the_route_that_names_it():
    root = foreign({"delegate": {"name": "below", "namespace": "trading"}, "retries": {"attempts": 4}})
    below = Policy("VirtualService", "trading", "below", {"http": [{"route": [{"destination": {"host": "orders"}}]}]})
    (finding,) = told(root, below)
    assert str(finding).startswith("VirtualService shop/theirs: repeats requests to service orders up to 4 times")


def test_a_delegate_that_switches_retries_off_is_fine():
    root = foreign({"delegate": {"name": "below", "namespace": "trading"}, "retries": {"attempts": 4}})
    assert told(root, Policy("VirtualService", "trading", "below", {"http": [{**TO_ORDERS, **NONE}]})) == []


def test_a_delegate_that_does_not_exist_leads_nowhere():
    assert told(foreign({"delegate": {"name": "below"}, "retries": {"attempts": 4}})) == []


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"retry": {"codes": [503]}}, "repeats requests to service orders up to 2 times"),
        ({"retry": {"attempts": 5}}, "repeats requests to service orders up to 5 times"),
        ({"filters": [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "copy"}}}]}, "mirrors"),
    ],
)
def test_a_route_of_the_gateway_api_is_judged_too(rule, says):
    (finding,) = told(of_gateway_api(**rule))
    assert (finding.level, says in finding.message) == (Level.ERROR, True)


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute"])
def test_a_route_of_the_gateway_api_without_retries_is_fine(kind):
    assert told(of_gateway_api(kind)) == []


def test_a_second_route_for_sidecars_is_an_error_since_they_take_one_of_both():
    (finding,) = told(foreign({**TO_ORDERS, **NONE}, hosts=(FULL,)))
    assert finding.level is Level.ERROR
    assert "routes service orders for sidecars, which take either it or the stack's own" in finding.message
    assert finding.fix.endswith("set traffic.services.orders.defaultRoute: false")


def test_the_only_route_for_sidecars_may_be_one_of_others():
    services = {"orders": {**ORDERS["orders"], "defaultRoute": False}}
    assert told(foreign({**TO_ORDERS, **NONE}, hosts=(FULL,)), services=services) == []


def test_a_route_at_a_gateway_is_no_second_one_for_sidecars():
    assert told(foreign({**TO_ORDERS, **NONE}, hosts=(FULL,), gateways=["shop/door"])) == []


def test_the_stacks_own_route_is_not_judged_as_one_of_others():
    assert told(Policy("VirtualService", "trading", "orders-without-retries", {"hosts": ["orders"], "http": []})) == []


def test_retries_for_another_service_of_the_same_pods_are_a_warning():
    rule = {
        "route": [{"destination": {"host": "orders-metrics.trading.svc.cluster.local"}}],
        "retries": {"attempts": 2},
    }
    (finding,) = told(foreign(rule))
    assert finding.level is Level.WARNING
    assert "repeats requests to service orders-metrics up to 2 times, whose pods take orders" in finding.message


def test_routes_that_may_not_be_listed_are_unknown():
    (finding,) = told(unreadable=("VirtualService",))
    assert finding.level is Level.UNKNOWN
    assert "VirtualService may not be listed" in finding.message


def test_the_other_services_of_the_pods_that_take_orders_are_those_that_lead_to_them():
    services = (
        Service("trading", "orders", ports=(80,), selector=LABELS),
        Service("trading", "metrics", ports=(9090,), selector=LABELS),
        Service("trading", "prices", ports=(80,), selector={"app": "prices"}),
        Service("trading", "bare", ports=(80,)),
        Service("elsewhere", "metrics", ports=(9090,), selector=LABELS),
    )
    pods = (
        make_pod("orders-1", namespace="trading", labels=LABELS),
        make_pod("prices-1", namespace="trading", labels={"app": "prices"}),
        make_pod("orders-2", namespace="elsewhere", labels=LABELS),
    )
    settings = make_settings(traffic={"services": ORDERS})
    aliases = orders._aliases(of_settings(settings, make_snapshot(services=services, pods=pods)), {FULL: "orders"})
    assert aliases == {"metrics.trading.svc.cluster.local": "metrics"}


UNSAFE = {"attempts": 2, "retryOn": "5xx,reset"}


def told_of_retries(retries: dict, **more: object) -> list[Finding]:
    rule = {"to": [{"service": "shop"}], "retries": retries, **more}
    return [
        *check_retries(
            of_settings(make_settings(traffic={"routes": {"shop": {"hosts": ["shop"], "http": [rule]}}}), None)
        )
    ]


def of_default(**retries: object) -> list[Finding]:
    return [*check_retries(of_settings(make_settings(proxy={"defaultRetries": retries}), None))]


def test_retries_of_every_method_after_a_reset_are_told_for_one_version():
    (finding,) = told_of_retries(UNSAFE)
    assert finding.level is Level.WARNING
    assert str(finding).startswith(
        "traffic.routes.shop.http[0].retries.retryOn: repeats requests of every method after 5xx, reset"
    )
    assert f"pi-mesh {NEXT} refuses it" in finding.message


@pytest.mark.parametrize(
    ("retries", "more"),
    [
        (UNSAFE, {"methods": ["GET", "HEAD"]}),
        (UNSAFE, {"headers": {":method": "GET"}}),
        ({**UNSAFE, "idempotent": True}, {}),
        ({"attempts": 5}, {}),
        ({"attempts": 0}, {}),
    ],
)
def test_retries_of_read_only_methods_idempotent_services_or_unprocessed_requests_are_fine(retries, more):
    assert told_of_retries(retries, **more) == []


def test_a_default_that_repeats_posts_is_refused():
    (finding,) = of_default(attempts=2, retryOn="connect-failure,503")
    assert finding.level is Level.ERROR
    assert str(finding).startswith("proxy.defaultRetries.retryOn: repeats requests of every method after 503")


def test_a_default_for_idempotent_services_is_taken():
    assert of_default(attempts=2, retryOn="503", idempotent=True) == []


TO_ORDERS_OF_ORDER_SAFETY = {"route": [{"destination": {"host": "orders"}}], "retries": {"attempts": 3}}


def test_a_route_that_somebody_added_after_the_up_is_an_error():
    seen = make_verification(make_mesh(traffic={"services": {"orders": {"ports": [80], "takesOrders": True}}}))
    rogue = Policy(
        "VirtualService", "trading", "rogue", {"hosts": ["shop.example"], "http": [TO_ORDERS_OF_ORDER_SAFETY]}
    )
    (found,) = orders.check_routes(replace(seen, snapshot=replace(seen.snapshot, routes=(rogue,))))
    assert (found.level, found.name) == (Level.ERROR, "trading/rogue")
