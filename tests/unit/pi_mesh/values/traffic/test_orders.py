"""The VirtualServices of services that take orders."""

import pytest

from pi_mesh.values.traffic import stages
from tests.support.factories import make_settings

ORDERS = {"orders": {"ports": [80], "takesOrders": True}}
TO_ORDERS = {"to": [{"service": "orders"}]}
OTHERS = {"to": [{"service": "prices"}]}
NO_RETRIES = {"attempts": 0}


def routes(services: dict = ORDERS, **traffic: object) -> dict[str, list[dict]]:
    """Return the rules of each VirtualService by its name."""
    made = stages(make_settings(traffic={"services": services, **traffic}))[0]
    return {item["metadata"]["name"]: item["spec"]["http"] for item in made if item["kind"] == "VirtualService"}


def test_a_service_that_takes_orders_gets_a_route_without_retries():
    ((name, (rule,)),) = routes().items()
    assert name == "orders-without-retries"
    assert rule["route"] == [{"destination": {"host": "orders"}}]
    assert rule["retries"] == NO_RETRIES


def test_a_caller_cannot_ask_the_proxy_for_retries_of_orders():
    ((rule,),) = routes().values()
    assert {"x-envoy-retry-on", "x-envoy-retry-grpc-on"} <= {*rule["headers"]["request"]["remove"]}


@pytest.mark.parametrize("services", [{}, {"orders": {"ports": [80]}}])
def test_other_services_get_no_route(services):
    assert routes(services) == {}


def test_no_route_is_made_where_another_tool_makes_it():
    assert routes({"orders": {**ORDERS["orders"], "defaultRoute": False}}) == {}


@pytest.mark.parametrize("host", ["orders", "orders.trading.svc.cluster.local"])
def test_a_route_of_the_settings_for_the_same_host_is_the_only_one(host):
    made = routes(routes={"mine": {"hosts": [host], "http": [TO_ORDERS]}})
    assert (list(made), made["mine"][0]["retries"]) == (["mine"], NO_RETRIES)


def test_a_canary_of_the_service_is_the_only_route_and_none_of_its_rules_has_retries():
    made = routes(canaries={"canary": {"service": "orders", "paths": {"/v2": "v2"}}})
    assert (list(made), [rule["retries"] for rule in made["canary"]]) == (["canary"], [NO_RETRIES, NO_RETRIES])


def test_a_route_at_a_gateway_leaves_the_one_for_sidecars():
    mine = {"hosts": ["orders"], "gateways": ["door"], "http": [TO_ORDERS]}
    made = routes(gateways={"door": {}}, routes={"mine": mine})
    assert sorted(made) == ["mine", "orders-without-retries"]
    assert made["mine"][0]["retries"] == NO_RETRIES


def test_a_rule_that_shares_requests_with_another_service_has_no_retries_either():
    shared = {"to": [{"service": "prices", "weight": 90}, {"service": "orders", "weight": 10}]}
    ((rule,),) = routes(routes={"mine": {"hosts": ["orders"], "http": [shared]}}).values()
    assert rule["retries"] == NO_RETRIES


def test_rules_to_other_services_are_as_they_were():
    made = routes(routes={"mine": {"hosts": ["prices"], "http": [OTHERS]}})
    assert made["mine"] == [{"route": [{"destination": {"host": "prices"}}]}]
