"""Istio's retry policies."""

from typing import Any

import pytest

from pi_mesh.settings.traffic.routes import Retries
from pi_mesh.values.traffic import stages
from pi_mesh.values.traffic.routes import retry_policy
from tests.support.factories import make_settings


def test_a_policy_without_conditions_gets_the_safe_ones_and_not_istios_own():
    assert retry_policy(Retries(attempts=3)) == {"attempts": 3, "retryOn": "connect-failure,refused-stream"}


def test_a_policy_of_no_attempts_has_no_conditions_which_istio_would_refuse():
    assert retry_policy(Retries(attempts=0)) == {"attempts": 0}


def test_given_conditions_are_kept():
    wanted = Retries(attempts=1, per_try_timeout="2s", retry_on="5xx", idempotent=True)
    assert retry_policy(wanted) == {"attempts": 1, "perTryTimeout": "2s", "retryOn": "5xx"}


def test_a_rule_of_several_methods_has_a_condition_for_each():
    rule = {"prefix": "/prices", "methods": ["GET", "HEAD"], "to": [{"service": "prices"}]}
    (made,) = stages(make_settings(traffic={"routes": {"r": {"hosts": ["prices"], "http": [rule]}}}))[0]
    path = {"uri": {"prefix": "/prices"}}
    assert made["spec"]["http"][0]["match"] == [{**path, "method": {"exact": one}} for one in ("GET", "HEAD")]


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


def spec(**route: object) -> dict[str, Any]:
    (service,), _ = stages(make_settings(traffic={"routes": {"r": {"hosts": ["*"], "gateways": ["g"], **route}}}))
    return service["spec"]  # pyright: ignore[reportReturnType]


def test_tcp_connections_go_to_their_service():
    assert spec(tcp=[{"service": "feed", "port": 9000}])["tcp"] == [
        {"route": [{"destination": {"host": "feed", "port": {"number": 9000}}}]}
    ]


def test_tls_connections_are_matched_by_the_routes_hosts():
    found = spec(hosts=["a.example", "b.example"], tls=[{"service": "vault"}])
    assert found["tls"] == [
        {"match": [{"sniHosts": ["a.example", "b.example"]}], "route": [{"destination": {"host": "vault"}}]}
    ]
    assert "http" not in found


def test_connections_are_shared_by_weight():
    (rule,) = spec(tcp=[{"service": "a", "weight": 30}, {"service": "b", "weight": 70}])["tcp"]
    assert [target["weight"] for target in rule["route"]] == [30, 70]
