"""The Gateway objects of listeners of each protocol, their allow lists and their certificates."""

from typing import Any

import pytest

from pi_mesh.settings import Settings
from pi_mesh.values.traffic import stages
from pi_mesh.values.traffic.gateways import allow_lists, certificates
from tests.support import charts, crds
from tests.support.factories import make_mesh, make_settings

CERTIFICATE = {"secret": "certificate"}
ENDED = {"mode": "SIMPLE", "credentialName": "certificate"}
HOME, OFFICE = ["192.168.0.0/16"], ["192.0.2.7"]


def settings_of(listeners: dict[str, dict], **settings: object) -> Settings:
    return make_settings(traffic={"gateways": listeners}, namespaces={"research": {}}, **settings)


LISTENERS = [
    ({"protocol": "GRPC", "port": 50051}, [("GRPC", 50051, None)]),
    ({"protocol": "HTTPS", "tls": CERTIFICATE}, [("HTTPS", 443, ENDED)]),
    ({"tls": CERTIFICATE}, [("HTTP", 80, None), ("HTTPS", 443, ENDED)]),
    ({"protocol": "TCP", "port": 9000}, [("TCP", 9000, None)]),
    ({"protocol": "TLS", "hosts": ["a.example"]}, [("TLS", 443, {"mode": "PASSTHROUGH"})]),
    ({"protocol": "TLS", "port": 8883, "tls": CERTIFICATE}, [("TLS", 8883, ENDED)]),
    ({"tls": {**CERTIFICATE, "redirect": True}}, [("HTTP", 80, {"httpsRedirect": True}), ("HTTPS", 443, ENDED)]),
]


@pytest.mark.parametrize(("listener", "expected"), LISTENERS, ids=str)
def test_a_gateway_has_a_server_for_each_port_of_which_every_version_knows_the_fields(listener, expected):
    (gateway,), _ = stages(settings_of({"g": listener}))
    ports = [(server["port"], server.get("tls")) for server in gateway["spec"]["servers"]]
    assert [(port["protocol"], port["number"], tls) for port, tls in ports] == expected
    assert [line for version in charts.each() for line in crds.problems(gateway, version)] == []


def policies(settings: Settings) -> dict[str, Any]:
    """Return the policies of all namespaces by name."""
    lists = [item for namespace in settings.workload_namespaces for item in allow_lists(settings, namespace)]
    return {item["metadata"]["name"]: item for item in lists}


def operations(name: str = "g", proxied: bool = False, **listeners: dict) -> list[Any]:
    """Return to what the rules of a listener's policy deny access, which is from all other addresses."""
    found = policies(settings_of(listeners, ingress={"proxyProtocol": proxied}))[f"{name}-addresses"]
    rules = found["spec"]["rules"]
    denied = [{"source": {"notRemoteIpBlocks": listeners[name]["allowAddresses"]}}]
    assert [rule["from"] for rule in rules] == [denied] * len(rules)
    return [(*(to["operation"] for to in rule.get("to", [])), *rule.get("when", [])) for rule in rules]


ADMIN = {"allowAddresses": HOME, "hosts": ["admin.example"], "tls": CERTIFICATE}
SHOP = {"hosts": ["shop.example"], "tls": {"secret": "other"}}
SNI = {"key": "connection.sni", "values": ["admin.example"]}
FEED, RPC = {"protocol": "TCP", "port": 9000}, {"protocol": "GRPC", "port": 50051, "allowAddresses": OFFICE}
FOUR = {
    "g": {"allowAddresses": HOME, "tls": CERTIFICATE},
    "feed": FEED,
    "rpc": RPC,
    "api": {"port": 8080, "allowAddresses": HOME},
}


@pytest.mark.parametrize(
    ("listeners", "denied"),
    [
        pytest.param(
            {"g": {"allowAddresses": HOME, "tls": CERTIFICATE}}, [({"ports": ["80"]},), ({"ports": ["443"]},)]
        ),
        pytest.param(
            {"g": ADMIN, "open": SHOP},
            [({"ports": ["80"], "hosts": ["admin.example", "admin.example:*"]},), ({"ports": ["443"]}, SNI)],
            id="a listener that shares its port is told apart by host",
        ),
        pytest.param(
            {"g": {"allowAddresses": HOME}, "other": {"allowAddresses": HOME}},
            [({"ports": ["80"]},)],
            id="listeners with equal lists need no hosts",
        ),
        pytest.param(
            {"g": {"allowAddresses": HOME, "hosts": ["a.example"]}, "other": {"allowAddresses": OFFICE}},
            [({"ports": ["80"], "hosts": ["a.example", "a.example:*"]},)],
            id="listeners with other lists do",
        ),
        pytest.param(
            {**FOUR, "proxied": True}, [({"notPorts": ["9000", "50051"]},)] * 2, id="behind the proxy protocol"
        ),
        pytest.param(
            {**FOUR, "name": "rpc", "proxied": True},
            [({"notPorts": ["80", "443", "8080", "9000"]},)],
            id="a port that is no listener's is closed behind the proxy protocol",
        ),
        pytest.param(
            {"g": {"allowAddresses": HOME}, "proxied": True}, [()], id="a list of all listeners holds for every port"
        ),
    ],
)
def test_all_other_addresses_are_denied_on_every_port_of_the_listener(listeners, denied):
    assert operations(**listeners) == denied


def test_the_policy_selects_the_gateways_pods_in_the_gateways_namespace():
    listeners = {"g": {"allowAddresses": HOME}, "h": {"allowAddresses": OFFICE, "namespace": "research"}, "open": {}}
    made = policies(settings_of(listeners, ingress={"namespace": "edge"}))
    assert [item["metadata"]["namespace"] for item in made.values()] == ["edge", "edge"]
    assert set(made) == {"g-addresses", "h-addresses"}
    labels = made["g-addresses"]["spec"]["selector"]["matchLabels"]
    assert labels == {"app": "istio-ingressgateway", "istio": "ingressgateway"}


def test_the_policies_come_before_their_gateways():
    objects = make_mesh(traffic={"gateways": {"g": {"allowAddresses": HOME}}}).objects_of("traffic")
    assert [(item.kind, item.first) for item in objects] == [("AuthorizationPolicy", True), ("Gateway", False)]


ISSUER = {"name": "lets-encrypt", "kind": "ClusterIssuer"}


def listener(*hosts: str, secret: str = "shop", namespace: str = "trading") -> dict:
    return {"hosts": [*hosts], "tls": {"secret": secret, "issuer": ISSUER}, "namespace": namespace}


def made(**listeners: dict) -> list[dict[str, Any]]:
    """Return the Certificates of all namespaces."""
    settings = settings_of(listeners, ingress={"namespace": "edge"})
    return [item for namespace in settings.workload_namespaces for item in certificates(settings, namespace)]


def test_a_certificate_names_the_hosts_and_the_secret_in_the_gateways_namespace():
    (certificate,) = made(g=listener("a.example"))
    assert certificate["metadata"] == {"name": "shop", "namespace": "edge"}
    assert certificate["spec"]["secretName"] == "shop"
    assert certificate["spec"]["issuerRef"] == {"group": "cert-manager.io", **ISSUER}
    assert certificate["spec"]["privateKey"] == {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}


BOTH = ["a.example", "b.example"]


@pytest.mark.parametrize(
    ("listeners", "hosts"),
    [
        pytest.param({"g": listener(*BOTH), "h": listener("b.example")}, {"shop": BOTH}, id="listeners share a secret"),
        pytest.param(
            {"g": listener("a.example"), "h": listener("b.example", namespace="research")},
            {"shop": BOTH},
            id="a secret of two namespaces has one certificate",
        ),
        pytest.param({"g": {"hosts": BOTH, "tls": {"secret": "shop"}}}, {}, id="somebody else makes the secret"),
        pytest.param(
            {"g": listener("a.example", secret="theirs", namespace="research"), "h": listener("b.example")},
            {"shop": ["b.example"], "theirs": ["a.example"]},
            id="a secret of another namespace hides no later one",
        ),
    ],
)
def test_each_secret_with_an_issuer_has_one_certificate_for_all_its_hosts(listeners, hosts):
    assert {item["metadata"]["name"]: item["spec"]["dnsNames"] for item in made(**listeners)} == hosts
