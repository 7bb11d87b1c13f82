"""The Gateway objects of listeners of each protocol, their allow lists and their certificates."""

from typing import Any

from pi_mesh.settings import Settings
from pi_mesh.values.traffic.gateways import certificates, guards
from tests.support.factories import make_settings
from tests.support.findings import case, table

CERTIFICATE = {"secret": "certificate"}
HOME, OFFICE = ["192.168.0.0/16"], ["192.0.2.7"]
ISSUER = {"name": "lets-encrypt", "kind": "ClusterIssuer"}


def settings_of(listeners: dict[str, dict], **settings: object) -> Settings:
    return make_settings(traffic={"gateways": listeners}, namespaces={"research": {}}, **settings)


def policies(settings: Settings) -> dict[str, Any]:
    """Return the policies of all namespaces by name."""
    lists = [item for namespace in settings.workload_namespaces for item in guards(settings, namespace)]
    return {item["metadata"]["name"]: item for item in lists}


def operations(name: str = "g", proxied: bool = False, **listeners: dict) -> list[Any]:
    """Return to what the rules of a listener's policy deny access, which is from all other addresses."""
    found = policies(settings_of(listeners, ingress={"proxyProtocol": proxied}))[f"{name}-addresses"]
    rules = found["spec"]["rules"]
    denied = [{"source": {"notRemoteIpBlocks": listeners[name]["allowAddresses"]}}]
    assert [rule["from"] for rule in rules] == [denied] * len(rules)
    return [(*(to["operation"] for to in rule.get("to", [])), *rule.get("when", [])) for rule in rules]


PLAIN, OF_HOME, OF_OFFICE = ({"ports": ["80"]},), {"allowAddresses": HOME}, {"allowAddresses": OFFICE}
ENCRYPTED, HTTP_PORTS = ({"ports": ["443"]},), ("80", "443", "8080")
ADMIN = {**OF_HOME, "hosts": ["admin.example"], "tls": CERTIFICATE}
SHOP = {"hosts": ["shop.example"], "tls": {"secret": "other"}}
SNI = {"key": "connection.sni", "values": ["admin.example"]}
FEED, RPC = {"protocol": "TCP", "port": 9000}, {"protocol": "GRPC", "port": 50051, "allowAddresses": OFFICE}
FOUR = {"g": {**OF_HOME, "tls": CERTIFICATE}, "feed": FEED, "rpc": RPC, "api": {**OF_HOME, "port": 8080}}


def of_host(name: str) -> tuple[dict]:
    return ({"ports": ["80"], "hosts": [name, f"{name}:*"]},)


@table(
    case("its plain and its encrypted port", {"g": {**OF_HOME, "tls": CERTIFICATE}}, [PLAIN, ENCRYPTED]),
    case("by host where a port is shared", {"g": ADMIN, "h": SHOP}, [of_host("admin.example"), (*ENCRYPTED, SNI)]),
    case("without hosts for equal lists", {"g": OF_HOME, "h": OF_HOME}, [PLAIN]),
    case("by host for other lists", {"g": {**OF_HOME, "hosts": ["a.example"]}, "h": OF_OFFICE}, [of_host("a.example")]),
    case("behind the proxy protocol", {**FOUR, "proxied": True}, [({"notPorts": ["9000", "50051"]},)] * 2),
    case("even of no listener", {**FOUR, "name": "rpc", "proxied": True}, [({"notPorts": [*HTTP_PORTS, "9000"]},)]),
    case("every port for a list of all listeners", {"g": OF_HOME, "proxied": True}, [()]),
)
def test_all_other_addresses_are_denied_on_every_port_of_the_listener(listeners, denied):
    assert operations(**listeners) == denied


def listener(*hosts: str, secret: str = "shop", namespace: str = "trading") -> dict:
    return {"hosts": [*hosts], "tls": {"secret": secret, "issuer": ISSUER}, "namespace": namespace}


def made(**listeners: dict) -> list[dict[str, Any]]:
    """Return the Certificates of all namespaces."""
    settings = settings_of(listeners, ingress={"namespace": "edge"})
    return [item for namespace in settings.workload_namespaces for item in certificates(settings, namespace)]


BOTH = ["a.example", "b.example"]
THEIRS = listener("a.example", secret="theirs", namespace="research")
OF_BOTH = {"g": listener("a.example"), "h": listener("b.example", namespace="research")}
OWN_AND_THEIRS = {"g": THEIRS, "h": listener("b.example")}
OF_EACH = {"shop": ["b.example"], "theirs": ["a.example"]}


@table(
    case("listeners share a secret", {"g": listener(*BOTH), "h": listener("b.example")}, {"shop": BOTH}),
    case("a secret of two namespaces has one certificate", OF_BOTH, {"shop": BOTH}),
    case("somebody else makes the secret", {"g": {"hosts": BOTH, "tls": {"secret": "shop"}}}, {}),
    case("a secret of another namespace hides no later one", OWN_AND_THEIRS, OF_EACH),
)
def test_each_secret_with_an_issuer_has_one_certificate_for_all_its_hosts(listeners, hosts):
    assert {item["metadata"]["name"]: item["spec"]["dnsNames"] for item in made(**listeners)} == hosts
