"""The refusal of two rules for the same requests, or two objects of one name."""

import pytest

from tests.support.traffic_problems import AGENT, BREAKER, GOOD, TO_APP, problems, route, the_one


def test_two_routes_for_one_host_and_path_are_an_error():
    routes = {name: route({"prefix": "/a", **TO_APP}) for name in ("one", "two")}
    said = the_one(problems({"routes": routes}))
    assert "one and two both take paths below /a of host * at gateway trading-gateway" in said


def test_two_routes_for_one_host_and_different_paths_are_right():
    routes = {name: route({"prefix": f"/{name}", **TO_APP}) for name in ("one", "two")}
    assert problems({"routes": routes}) == []


def test_a_path_twice_in_one_route_is_the_routes_own_error_and_no_conflict_with_another():
    routes = {"r": route({"prefix": "/a", **TO_APP}, {"prefix": "/a", **TO_APP})}
    assert "traffic.routes.r.http[1]: never gets a request" in the_one(problems({"routes": routes}))


def test_two_routes_of_the_sidecars_for_one_host_are_an_error():
    routes = {"r": route({"prefix": "/x", "to": [{"service": AGENT}]}, hosts=(AGENT,), gateways=())}
    said = the_one(problems({"routes": routes}))
    assert f"canaries.trading-canary and routes.r both route {AGENT}.trading.svc.cluster.local for sidecars" in said


def test_two_ways_out_for_one_host_are_an_error():
    external = {name: {"hosts": ["api.example.org"], "throughGateway": True} for name in ("one", "two")}
    said = the_one(problems({"external": external}))
    assert "external.one and external.two both route api.example.org for sidecars" in said


def test_a_rule_behind_one_that_takes_everything_is_an_error():
    routes = {"r": route(TO_APP, {"prefix": "/api", **TO_APP})}
    assert "traffic.routes.r.http[1]: never gets a request" in the_one(problems({"routes": routes}))


def test_two_destinations_for_one_service_are_an_error():
    again = {**GOOD["destinations"], "again": {"service": AGENT, "circuitBreaker": BREAKER}}
    assert "again and circuit-breaker are both about" in the_one(problems({"destinations": again}))


def test_two_objects_of_one_kind_and_name_are_an_error():
    routes = {"trading-canary": GOOD["routes"]["trading-app"]}
    assert "two settings make a VirtualService named trading-canary" in the_one(problems({"routes": routes}))


def test_two_rules_of_one_path_for_different_methods_are_right():
    rules = ({"prefix": "/a", "methods": methods, **TO_APP} for methods in (["GET", "HEAD"], ["POST"]))
    assert problems({"routes": {"r": route(*rules)}}) == []


def test_a_rule_of_the_path_and_the_methods_of_an_earlier_one_is_an_error():
    rules = ({"prefix": "/a", "methods": methods, **TO_APP} for methods in (["GET", "HEAD"], ["HEAD", "GET"]))
    said = the_one(problems({"routes": {"r": route(*rules)}}))
    assert "an earlier rule takes paths below /a, method GET or HEAD already" in said


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        ({"exact": "/a"}, "path /a"),
        ({"headers": {"b": "2", "a": "1"}}, "paths below /, header a=1, header b=2"),
        (
            {"prefix": "/a", "headers": {"x": "1"}, "methods": ["HEAD", "GET"]},
            "paths below /a, header x=1, method GET or HEAD",
        ),
        ({}, "every path"),
    ],
)
def test_two_rules_conflict_by_all_that_they_match(rule, taken):
    routes = {name: route({**rule, **TO_APP}) for name in ("one", "two")}
    said = the_one(problems({"routes": routes}))
    assert f"one and two both take {taken} of host * at gateway trading-gateway" in said


def test_an_exact_path_and_the_paths_below_it_are_no_conflict():
    routes = {"one": route({"exact": "/a", **TO_APP}), "two": route({"prefix": "/a", **TO_APP})}
    assert problems({"routes": routes}) == []


def test_two_routes_of_one_server_name_are_an_error():
    gateways = {"g": {"protocol": "TLS", "port": 8443, "hosts": ["broker.example.org"]}}
    both = {name: {"hosts": ["broker.example.org"], "gateways": ["g"], "tls": TO_APP["to"]} for name in ("r", "s")}
    found = [str(one) for one in problems({"gateways": gateways, "routes": both})]
    assert any("r and s both take server name broker.example.org of gateway g" in one for one in found)
