"""The policies by which a listener serves the addresses on its list alone."""

from typing import Any

from pi_mesh import inventory
from pi_mesh.values.traffic.allow_lists import allow_lists
from tests.support.factories import make_settings

HOME, OFFICE = ["192.168.0.0/16"], ["192.0.2.7"]


def policies(traffic: dict, **settings: object) -> list[Any]:
    """Return the policies of all namespaces."""
    made = make_settings(traffic=traffic, **settings)
    return [one for namespace in made.workload_namespaces for one in allow_lists(made, namespace)]


def rules(name: str = "g-addresses", **listeners: dict) -> list[dict[str, Any]]:
    """Return the rules of a policy."""
    found = policies({"gateways": listeners})
    return next(one["spec"]["rules"] for one in found if one["metadata"]["name"] == name)


def test_a_listener_without_a_list_has_no_policy():
    assert policies({"gateways": {"g": {}}}) == []


def test_all_other_addresses_are_denied_on_every_port_of_the_listener():
    denied = {"from": [{"source": {"notRemoteIpBlocks": HOME}}]}
    assert rules(g={"allowAddresses": HOME, "tls": {"secret": "certificate"}}) == [
        {**denied, "to": [{"operation": {"ports": ["80"]}}]},
        {**denied, "to": [{"operation": {"ports": ["443"]}}]},
    ]


def test_the_policy_selects_the_gateways_pods_in_the_gateways_namespace():
    (policy,) = policies({"gateways": {"g": {"allowAddresses": HOME}}}, ingress={"namespace": "edge"})
    assert policy["metadata"] == {"name": "g-addresses", "namespace": "edge"}
    assert policy["spec"]["selector"]["matchLabels"] == {"app": "istio-ingressgateway", "istio": "ingressgateway"}


def test_a_listener_of_a_further_namespace_has_its_policy_among_that_ones_objects():
    listeners = {"gateways": {"g": {"allowAddresses": HOME}, "h": {"allowAddresses": OFFICE, "namespace": "research"}}}
    assert [one["metadata"]["name"] for one in policies(listeners, namespaces={"research": {}})] == [
        "g-addresses", "h-addresses"
    ]  # fmt: skip


def test_a_listener_that_shares_its_port_is_told_apart_by_host():
    private = {"allowAddresses": HOME, "hosts": ["admin.example"], "tls": {"secret": "certificate"}}
    plain, tls = rules(g=private, open={"hosts": ["shop.example"], "tls": {"secret": "other"}})
    assert plain["to"] == [{"operation": {"ports": ["80"], "hosts": ["admin.example", "admin.example:*"]}}]
    assert tls["when"] == [{"key": "connection.sni", "values": ["admin.example"]}]


def test_listeners_with_equal_lists_need_no_hosts():
    (rule,) = rules(g={"allowAddresses": HOME}, other={"allowAddresses": HOME})
    assert rule["to"] == [{"operation": {"ports": ["80"]}}]
    (rule,) = rules(g={"allowAddresses": HOME, "hosts": ["a.example"]}, other={"allowAddresses": OFFICE})
    assert "hosts" in rule["to"][0]["operation"]


def test_the_policies_come_before_their_gateways():
    mesh = inventory.of(make_settings(traffic={"gateways": {"g": {"allowAddresses": HOME}}}))
    first = [(item.kind, item.first) for item in mesh.objects_of("traffic")]
    assert first == [("AuthorizationPolicy", True), ("Gateway", False)]


def test_with_the_proxy_protocol_a_port_that_is_no_listeners_is_closed_because_its_header_tells_the_port():
    listeners = {
        "g": {"allowAddresses": HOME, "tls": {"secret": "certificate"}},
        "feed": {"protocol": "TCP", "port": 9000},
        "rpc": {"protocol": "GRPC", "port": 50051, "allowAddresses": OFFICE},
        "api": {"port": 8080, "allowAddresses": HOME},
    }
    found = policies({"gateways": listeners}, ingress={"proxyProtocol": True})
    open_to_others = {one["metadata"]["name"]: one["spec"]["rules"][0]["to"] for one in found}
    assert open_to_others["g-addresses"] == [{"operation": {"notPorts": ["9000", "50051"]}}]
    assert open_to_others["rpc-addresses"] == [{"operation": {"notPorts": ["80", "443", "8080", "9000"]}}]


def test_with_the_proxy_protocol_a_list_of_all_listeners_holds_for_every_port():
    (policy,) = policies({"gateways": {"g": {"allowAddresses": HOME}}}, ingress={"proxyProtocol": True})
    assert policy["spec"]["rules"] == [{"from": [{"source": {"notRemoteIpBlocks": HOME}}]}]
