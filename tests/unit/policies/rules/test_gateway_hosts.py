"""The rule that a gateway names its hosts."""

import pytest

from policies.rules import gateway_hosts
from tests.support.policy_resources import kubernetes, said

API = "networking.istio.io/v1beta1"
FEED = {"port": {"number": 9000, "protocol": "TCP"}, "hosts": ["*"]}


def gateway(*servers: object, api: str = API, **metadata: object) -> dict:
    return kubernetes(api, "Gateway", "edge", {"servers": list(servers)}, **metadata)


def serving(*hosts: object) -> dict:
    return gateway(*({"hosts": server} for server in hosts))


def ingress(**spec: object) -> dict:
    return kubernetes("networking.k8s.io/v1", "Ingress", "edge", spec)


LISTENERS = [{"port": 9000, "protocol": "TCP"}, {"name": "http", "port": 80, "protocol": "HTTP"}]
LISTENING = kubernetes("gateway.networking.k8s.io/v1", "Gateway", "edge", {"listeners": LISTENERS})
ANY = "server 0 answers for every host"
REFUSED = {
    "no hosts": (gateway({"port": {"number": 80}}), "server 0 names no host"),
    "an empty list of hosts": (serving([]), "server 0 names no host"),
    "another namespace's *": (serving(["trading/*"]), f"{ANY} (trading/*)"),
    "a second server": (serving(["a.example"], ["*"]), "server 1 answers for every host (*)"),
    "a * beside a name": (serving(["a.example", "*"]), f"{ANY} (*)"),
    "the newest version of the API": (gateway({"hosts": ["*"]}, api="networking.istio.io/v1"), f"{ANY} (*)"),
    "a server after one of TCP": (gateway(FEED, {"hosts": ["*"]}), "server 1 answers for every host (*)"),
    "a listener of the Gateway API": (LISTENING, "listener 0 answers for every host"),
    "an Ingress without a host": (ingress(rules=[{"http": {"paths": []}}]), "rule 0 answers for every host"),
    "an Ingress' default": (ingress(defaultBackend={"service": {}}), "spec.defaultBackend answers for every host"),
}


@pytest.mark.parametrize(("props", "breach"), REFUSED.values(), ids=REFUSED)
def test_a_gateway_that_names_no_host_is_refused(props, breach):
    assert said(gateway_hosts.RULE, props) == [gateway_hosts.RULE.message(f"{props['kind']} edge: {breach}")]


@pytest.mark.parametrize(
    ("props", "breach"),
    [
        (serving("*"), "spec.servers[0].hosts is a text, where a list belongs"),
        (kubernetes(API, "Gateway", ["g"], {"servers": [FEED]}), "metadata.name is a list, where a text belongs"),
    ],
)
def test_a_wrong_type_is_told_in_words(props, breach):
    assert said(gateway_hosts.RULE, props) == [gateway_hosts.RULE.message(breach)]


@pytest.mark.parametrize("kind", ["Gateway", "GatewayPatch"])
def test_the_resources_type_says_the_kind_too(kind):
    props = {"metadata": {"name": "edge"}, "spec": {"servers": [{"hosts": ["*"]}]}}
    (message,) = said(gateway_hosts.RULE, props, f"kubernetes:{API}:{kind}")
    assert message.startswith(f"{kind} edge: {ANY} (*)")


@pytest.mark.parametrize("host", ["*", "*/*", "./*"])
def test_a_gateway_for_every_host_is_named_unless_listed(host):
    (message,) = said(gateway_hosts.RULE, serving([host]))
    assert message.startswith(f"Gateway edge: {ANY} ({host}). Fix:")
    assert said(gateway_hosts.RULE, serving([host]), anyHost=["edge"]) == []


def test_a_listed_gateway_may_be_of_one_namespace_only():
    theirs = gateway({"hosts": ["*"]}, namespace="theirs")
    assert said(gateway_hosts.RULE, theirs, anyHost=["theirs/edge"]) == []
    assert said(gateway_hosts.RULE, theirs, anyHost=["ours/edge"]) != []


@pytest.mark.parametrize("server", [{"hosts": ["*.shop.example"]}, FEED], ids=["below a domain", "TCP has no host"])
def test_a_server_that_names_its_hosts_or_has_none_passes(server):
    assert said(gateway_hosts.RULE, gateway(server)) == []
