"""The Gateway objects of listeners of each protocol, their allow lists and their certificates."""

from typing import Any

from pi_mesh.settings import Settings
from pi_mesh.values.traffic import stages
from pi_mesh.values.traffic.gateways import certificates, guards
from tests.support import charts, crds
from tests.support.factories import make_mesh, make_settings
from tests.support.findings import case, table

CERTIFICATE = {"secret": "certificate"}
NAMED = {**CERTIFICATE, "mode": "MUTUAL", "clientNames": ["desk"]}
ENDED = {"mode": "SIMPLE", "credentialName": "certificate"}
HOME, OFFICE = ["192.168.0.0/16"], ["192.0.2.7"]
ISSUER = {"name": "lets-encrypt", "kind": "ClusterIssuer"}


def settings_of(listeners: dict[str, dict], **settings: object) -> Settings:
    return make_settings(traffic={"gateways": listeners}, namespaces={"research": {}}, **settings)


@table(
    ({"protocol": "HTTPS", "tls": CERTIFICATE}, [("HTTPS", 443, ENDED)]),
    ({"tls": CERTIFICATE}, [("HTTP", 80, None), ("HTTPS", 443, ENDED)]),
    ({"protocol": "HTTPS", "tls": NAMED}, [("HTTPS", 443, {**ENDED, "mode": "MUTUAL", "subjectAltNames": ["desk"]})]),
)
def test_a_gateway_has_a_server_for_each_port_of_which_every_version_knows_the_fields(listener, expected):
    (gateway,), _ = stages(settings_of({"g": listener}))
    ports = [(server["port"], server.get("tls")) for server in gateway["spec"]["servers"]]
    assert [(port["protocol"], port["number"], tls) for port, tls in ports] == expected
    assert [line for version in charts.each() for line in crds.problems(gateway, version)] == []


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


TEN = {"requests": 10, "per": "1m"}
COUNTED = {"key": "pi-mesh-limit", "value": "g/0"}
ANY, SHOP_OR_BELOW = {"name": ":method", "present_match": True}, r"(?i)(shop\.example|.+\.shop\.example)(:[0-9]+)?"
NO_KEY = {"name": "x-key", "present_match": True, "invert_match": True}


def authority(regex: str) -> dict:
    return {"name": ":authority", "string_match": {"safe_regex": {"regex": regex}}}


def limiter(*limits: dict, **listener: object) -> dict[str, Any]:
    """Return the configuration of Envoy's filter for a listener's limits."""
    first, *_ = stages(make_settings(traffic={"gateways": {"g": {"limits": [*limits], **listener}}}))[0]
    return first["spec"]["configPatches"][0]["patch"]["value"]["typed_config"]


@table(
    case("every request", {}, {}, [[ANY]], []),
    case("the hosts of the listener", {}, {"hosts": ["shop.example", "*.shop.example"]},
        [[ANY, authority(SHOP_OR_BELOW)]], []),
    case("one host", {"host": "a.example"}, {}, [[ANY, authority(r"(?i)(a\.example)(:[0-9]+)?")]], []),
    case("a path", {"prefix": "/orders"}, {}, [[ANY, {"name": ":path", "string_match": {"prefix": "/orders"}}]], []),
    case("each address", {"byAddress": True}, {}, [[ANY], {"remote_address": {}}], [{"key": "remote_address"}]),
)  # fmt: skip
def test_a_limit_counts_what_it_names(limit, listener, conditions, by_client):
    config = limiter({**TEN, **limit}, **listener)
    headers, *client = conditions
    matched = {"descriptor_key": COUNTED["key"], "descriptor_value": COUNTED["value"], "headers": headers}
    assert config["rate_limits"] == [{"actions": [{"header_value_match": matched}, *client]}]
    bucket = {"max_tokens": 10, "tokens_per_fill": 10, "fill_interval": "60s"}
    assert config["descriptors"] == [{"entries": [COUNTED, *by_client], "token_bucket": bucket}]


def test_a_limit_by_header_counts_requests_without_the_header_together():
    (of_value, *_), (without, *_) = (
        [*reversed(one["actions"])] for one in limiter({**TEN, "byHeader": "x-key"})["rate_limits"]
    )
    assert of_value == {"request_headers": {"header_name": "x-key", "descriptor_key": "pi-mesh-client"}}
    assert without["header_value_match"] == {
        "descriptor_key": "pi-mesh-client",
        "descriptor_value": "none",
        "headers": [NO_KEY],
    }


def test_limits_tell_clients_when_to_come_back_and_fill_the_bucket_up_to_the_burst():
    config = limiter({**TEN, "burst": 30}, {"requests": 500, "per": "1s"})
    assert config["response_headers_to_add"] == [{"header": {"key": "retry-after", "value": "6"}}]
    assert [entry["token_bucket"]["max_tokens"] for entry in config["descriptors"]] == [30, 500]


def test_the_limits_of_a_listener_are_one_object_for_all_its_ports_before_its_gateway():
    listener = {"hosts": ["a.example"], "limits": [TEN], "tls": CERTIFICATE}
    objects = make_mesh(traffic={"gateways": {"g": listener}}, ingress={"namespace": "edge"}).objects_of("traffic")
    assert [(item.kind, item.first) for item in objects] == [("EnvoyFilter", True), ("Gateway", False)]
    manifest: Any = objects[0].manifest
    assert manifest["metadata"] == {"name": "g-limits", "namespace": "edge"}
    assert manifest["spec"]["workloadSelector"] == {
        "labels": {"app": "istio-ingressgateway", "istio": "ingressgateway"}
    }
    assert [patch["match"]["listener"]["portNumber"] for patch in manifest["spec"]["configPatches"]] == [80, 443]


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
