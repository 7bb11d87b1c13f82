"""The allow lists of listeners that share ports, and the certificates of listeners that share Secrets."""

from typing import Any

from pi_mesh.values.traffic.gateways import certificates, guards
from tests.support.factories import make_settings
from tests.support.findings import case, table

CERTIFICATE = {"secret": "certificate"}
HOME, OFFICE = ["192.168.0.0/16"], ["192.0.2.7"]
ISSUER = {"name": "lets-encrypt", "kind": "ClusterIssuer"}
PLAIN, OF_HOME, OF_OFFICE = ({"ports": ["80"]},), {"allowAddresses": HOME}, {"allowAddresses": OFFICE}
ENCRYPTED, HTTP_PORTS = ({"ports": ["443"]},), ("80", "443", "8080")
ADMIN = {**OF_HOME, "hosts": ["admin.example"], "tls": CERTIFICATE}
SHOP = {"hosts": ["shop.example"], "tls": {"secret": "other"}}
SNI = {"key": "connection.sni", "values": ["admin.example"]}
FEED, RPC = {"protocol": "TCP", "port": 9000}, {"protocol": "GRPC", "port": 50051, "allowAddresses": OFFICE}
API, PROXIED = {**OF_HOME, "port": 8080}, {"proxyProtocol": True}
FOUR = {"g": {**OF_HOME, "tls": CERTIFICATE}, "feed": FEED, "rpc": RPC, "api": API}
OTHERS = {"web": FOUR["g"], "feed": FEED, "api": API}


def of_host(name: str) -> tuple[dict]:
    return ({"ports": ["80"], "hosts": [name, f"{name}:*"]},)


@table(
    case("its plain and its encrypted port", {"g": {**OF_HOME, "tls": CERTIFICATE}}, {}, [PLAIN, ENCRYPTED]),
    case("by host where a port is shared", {"g": ADMIN, "h": SHOP}, {}, [of_host("admin.example"), (*ENCRYPTED, SNI)]),
    case("without hosts for equal lists", {"g": OF_HOME, "h": OF_HOME}, {}, [PLAIN]),
    case("by host for other lists", {"g": {**OF_HOME, "hosts": ["a.example"]}, "h": OF_OFFICE}, {},
        [of_host("a.example")]),
    case("behind the proxy protocol", FOUR, PROXIED, [({"notPorts": ["9000", "50051"]},)] * 2),
    case("by host alone there for a shared port", {"g": {**OF_HOME, "hosts": ["a.example"]}, "h": OF_OFFICE}, PROXIED,
        [({"hosts": ["a.example", "a.example:*"]},)]),
    case("even of no listener", {"g": RPC, **OTHERS}, PROXIED, [({"notPorts": [*HTTP_PORTS, "9000"]},)]),
    case("every port for a list of all listeners", {"g": OF_HOME}, PROXIED, [()]),
)  # fmt: skip
def test_all_other_addresses_are_denied_on_every_port_of_the_listener(listeners, ingress, denied):
    settings = make_settings(traffic={"gateways": listeners}, ingress=ingress)
    policies = {item["metadata"]["name"]: item for item in guards(settings, settings.workload_namespaces[0])}
    rules: Any = policies["g-addresses"]["spec"]["rules"]
    others = [{"source": {"notRemoteIpBlocks": listeners["g"]["allowAddresses"]}}]
    assert [rule["from"] for rule in rules] == [others] * len(rules)
    told = [(*(to["operation"] for to in rule.get("to", [])), *rule.get("when", [])) for rule in rules]
    assert told == denied


def listener(*hosts: str, secret: str = "shop", namespace: str = "trading") -> dict:
    return {"hosts": [*hosts], "tls": {"secret": secret, "issuer": ISSUER}, "namespace": namespace}


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
    settings = make_settings(traffic={"gateways": listeners}, namespaces={"research": {}})
    made = [item for namespace in settings.workload_namespaces for item in certificates(settings, namespace)]
    assert [(item["metadata"]["name"], item["spec"]["dnsNames"]) for item in made] == [*hosts.items()]
