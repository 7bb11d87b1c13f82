"""The Gateway objects of listeners of each protocol."""

from typing import Any

import pytest

from pi_mesh import inventory
from pi_mesh.values.traffic import stages
from pi_mesh.values.traffic.gateways import allow_lists, certificates
from tests.support import charts, crds
from tests.support.factories import make_settings

CERTIFICATE = {"secret": "certificate"}
ENDED = {"mode": "SIMPLE", "credentialName": "certificate"}
LISTENERS = {
    "grpc": ({"protocol": "GRPC", "port": 50051}, [("GRPC", 50051, None)]),
    "https alone": ({"protocol": "HTTPS", "tls": CERTIFICATE}, [("HTTPS", 443, ENDED)]),
    "https beside http": ({"tls": CERTIFICATE}, [("HTTP", 80, None), ("HTTPS", 443, ENDED)]),
    "tcp": ({"protocol": "TCP", "port": 9000}, [("TCP", 9000, None)]),
    "tls that is passed on": ({"protocol": "TLS", "hosts": ["a.example"]}, [("TLS", 443, {"mode": "PASSTHROUGH"})]),
    "tls that ends": ({"protocol": "TLS", "port": 8883, "tls": CERTIFICATE}, [("TLS", 8883, ENDED)]),
    "redirect": (
        {"tls": {**CERTIFICATE, "redirect": True}},
        [("HTTP", 80, {"httpsRedirect": True}), ("HTTPS", 443, ENDED)],
    ),
}


@pytest.mark.parametrize("case", LISTENERS)
def test_a_gateway_has_a_server_for_each_port(case):
    listener, expected = LISTENERS[case]
    (gateway,), _ = stages(make_settings(traffic={"gateways": {"g": listener}}))
    servers = [(one["port"]["protocol"], one["port"]["number"], one.get("tls")) for one in gateway["spec"]["servers"]]
    assert servers == expected


@pytest.mark.parametrize("version", charts.each())
@pytest.mark.parametrize("case", LISTENERS)
def test_every_version_knows_the_fields(case, version):
    listener, _ = LISTENERS[case]
    (gateway,), _ = stages(make_settings(traffic={"gateways": {"g": listener}}))
    assert crds.problems(gateway, version) == []


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
    mesh = inventory.mesh_inventory(make_settings(traffic={"gateways": {"g": {"allowAddresses": HOME}}}))
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


ISSUER = {"name": "lets-encrypt", "kind": "ClusterIssuer"}
TLS = {"secret": "shop", "issuer": ISSUER}


def made(**listeners: dict) -> list[dict[str, Any]]:
    """Return the Certificates of all namespaces."""
    traffic = {"gateways": listeners}
    settings = make_settings(ingress={"namespace": "edge"}, traffic=traffic, namespaces={"research": {}})
    return [one for namespace in settings.workload_namespaces for one in certificates(settings, namespace)]


def test_a_certificate_names_the_hosts_and_the_secret_in_the_gateways_namespace():
    (certificate,) = made(g={"hosts": ["shop.example"], "tls": TLS})
    assert certificate["metadata"] == {"name": "shop", "namespace": "edge"}
    assert (certificate["spec"]["secretName"], certificate["spec"]["dnsNames"]) == ("shop", ["shop.example"])
    assert certificate["spec"]["issuerRef"] == {"group": "cert-manager.io", **ISSUER}
    assert certificate["spec"]["privateKey"] == {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}


def test_listeners_that_share_a_secret_share_its_certificate():
    (certificate,) = made(g={"hosts": ["a.example", "b.example"], "tls": TLS}, h={"hosts": ["b.example"], "tls": TLS})
    assert certificate["spec"]["dnsNames"] == ["a.example", "b.example"]


def test_a_secret_of_two_namespaces_has_one_certificate():
    two = {
        "g": {"hosts": ["a.example"], "tls": TLS},
        "h": {"hosts": ["b.example"], "tls": TLS, "namespace": "research"},
    }
    (certificate,) = made(**two)
    assert certificate["spec"]["dnsNames"] == ["a.example", "b.example"]


def test_a_secret_that_somebody_else_makes_has_none():
    assert made(g={"hosts": ["shop.example"], "tls": {"secret": "shop"}}) == []


def test_a_secret_of_another_namespace_hides_no_later_one():
    first = {"hosts": ["a.example"], "tls": {**TLS, "secret": "theirs"}, "namespace": "research"}
    found = made(g=first, h={"hosts": ["b.example"], "tls": TLS})
    assert sorted(one["metadata"]["name"] for one in found) == ["shop", "theirs"]
