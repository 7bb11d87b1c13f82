"""The refusal of routes that lead nowhere."""

import pytest

from pi_mesh import inventory
from pi_mesh.checks.finding import Level
from pi_mesh.cluster.objects import Service
from tests.support.factories import make_settings
from tests.support.preflight_problems import run as preflight
from tests.support.snapshots import STACK, make_snapshot
from tests.support.traffic_problems import AGENT, APP, GOOD, TO_APP, problems, route, run, the_one


def test_settings_that_fit_together_have_no_problem():
    assert problems() == []


def test_the_targets_that_exist_are_counted_where_there_are_some_and_all_exist():
    def counted(**traffic: object) -> list[float | None]:
        found = run(make_settings(traffic=traffic), make_snapshot())
        return [one.number for one in found if (one.id, one.level) == ("routes", Level.OK)]

    assert counted(**GOOD) == [4]
    assert counted() == []
    assert counted(**{**GOOD, "routes": {"r": route({"to": [{"service": "nobody"}]})}}) == []


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"service": "nobody"}, "traffic.routes.trading-app.http[0].to[0]: goes to service nobody, which neither"),
        ({"service": APP, "port": 81}, f"service {APP} has no port 81; use one of 80"),
        ({"service": AGENT, "subset": "v3"}, f"goes to subset v3 of {AGENT}, which no destination declares"),
    ],
)
def test_a_route_to_what_nobody_declares_is_an_error(target: dict, said: str):
    assert said in the_one(problems({"routes": {"trading-app": route({"to": [target]})}}))


def test_a_canary_to_an_undeclared_subset_is_an_error():
    canary = {"service": AGENT, "weights": {"v1": 90, "v9": 10}}
    assert "traffic.canaries.c.weights.v9: goes to subset v9" in the_one(problems({"canaries": {"c": canary}}))


def test_a_service_that_lives_in_the_cluster_needs_no_declaration():
    living = make_snapshot(services=(Service("trading", "orders", ports=(9000,)),))
    assert problems({"routes": {"r": route({"to": [{"service": "orders"}]})}}, living) == []


def test_without_a_cluster_an_undeclared_service_is_unknown_rather_than_wrong():
    found = run(
        make_settings(
            traffic={"routes": {"r": route({"to": [{"service": "orders"}]}, hosts=("orders",), gateways=())}}
        ),
        None,
    )
    assert [(one.id, one.level) for one in found if "orders" in one.message] == [("routes", Level.UNKNOWN)]


def test_a_service_of_several_ports_must_be_named_with_one():
    services = {**GOOD["services"], "orders": {"ports": [80, 81]}}
    changes = {"services": services, "routes": {"r": route({"to": [{"service": "orders"}]})}}
    assert "names no port, and service orders has 80, 81" in the_one(problems(changes))


def test_a_route_of_an_undeclared_gateway_is_an_error():
    routes = {"r": route(TO_APP, gateways=("other",))}
    assert "traffic.routes.r.gateways: names gateway other, which is not declared" in the_one(
        problems({"routes": routes})
    )


def test_a_route_for_a_host_that_its_gateway_does_not_listen_for_is_an_error():
    gateways = {"trading-gateway": {"hosts": ["*.example.org"]}}
    routes = {"r": route(TO_APP, hosts=("a.example.org", "a.example.com"))}
    said = the_one(problems({"gateways": gateways, "routes": routes}))
    assert "does not listen for a.example.com" in said


def test_gateways_without_the_ingress_gateway_are_an_error():
    assert "traffic.gateways: needs the ingress gateway" in the_one(problems(ingress={"enabled": False}))


def test_leaving_through_an_egress_gateway_that_is_off_is_an_error():
    external = {"broker": {"hosts": ["api.example.org"], "throughGateway": True}}
    said = the_one(problems({"external": external}, egress={"enabled": False}))
    assert "traffic.external.broker: throughGateway needs the egress gateway" in said


def test_the_preflight_asks_these_checks_too():
    settings = make_settings(traffic={**GOOD, "gateways": {}})
    assert "traffic.routes.trading-app.gateways" in {
        str(one.subject) for one in preflight(inventory.mesh_inventory(settings, STACK), make_snapshot())
    }


LISTENERS = {
    "http": {},
    "grpc": {"protocol": "GRPC", "port": 50051},
    "tcp": {"protocol": "TCP", "port": 9000},
    "passed": {"protocol": "TLS"},
    "ended": {"protocol": "TLS", "port": 8883, "tls": {"secret": "certificate"}},
}


@pytest.mark.parametrize(
    ("gateway", "kind"), [("http", "http"), ("grpc", "http"), ("tcp", "tcp"), ("passed", "tls"), ("ended", "tcp")]
)
def test_a_route_needs_rules_of_its_listeners_protocol(gateway, kind):
    rules = {"http": [TO_APP], "tcp": TO_APP["to"], "tls": TO_APP["to"]}
    for given, rule in rules.items():
        found = problems({"gateways": LISTENERS, "routes": {"r": {"hosts": ["*"], "gateways": [gateway], given: rule}}})
        if given == kind:
            assert found == []
        else:
            assert f"traffic.routes.r.{given}: are never applied: gateway {gateway} speaks" in the_one(found)


def test_a_tcp_route_to_what_nobody_declares_is_an_error():
    lost = {"hosts": ["*"], "gateways": ["tcp"], "tcp": [{"service": "nobody"}]}
    assert "traffic.routes.r.tcp[0]: goes to service nobody" in the_one(
        problems({"gateways": LISTENERS, "routes": {"r": lost}})
    )


def test_two_routes_of_all_connections_of_a_listener_are_an_error():
    both = {name: {"hosts": ["*"], "gateways": ["tcp"], "tcp": TO_APP["to"]} for name in ("r", "s")}
    assert "r and s both take all connections of gateway tcp" in the_one(
        problems({"gateways": LISTENERS, "routes": both})
    )
