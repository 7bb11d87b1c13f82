"""The rule that a gateway names its hosts."""

import pytest

from policies.rules import gateway_hosts
from tests.support.policy_resources import kubernetes, said

SECURITY, NETWORKING = "security.istio.io/v1beta1", "networking.istio.io/v1beta1"


def listening(host: str) -> dict:
    return kubernetes(NETWORKING, "Gateway", "trading-gateway", {"servers": [{"hosts": [host]}]})


@pytest.mark.parametrize("host", ["*", "*/*", "./*"])
def test_a_gateway_for_every_host_is_named_unless_listed(host):
    (message,) = said(gateway_hosts.RULE, listening(host))
    assert message.startswith(f"Gateway trading-gateway: server 0 answers for every host ({host}). Fix:")
    assert said(gateway_hosts.RULE, listening(host), anyHost=["trading-gateway"]) == []


def test_a_wildcard_below_a_domain_is_a_name():
    assert said(gateway_hosts.RULE, listening("*.shop.example")) == []


FEED = {"port": {"number": 9000, "protocol": "TCP"}, "hosts": ["*"]}


def test_a_tcp_server_has_no_host_to_name():
    feed = {"servers": [FEED]}
    assert said(gateway_hosts.RULE, kubernetes(NETWORKING, "Gateway", "feed", feed)) == []


def serving(*hosts: list[str]) -> dict:
    return {"servers": [{"hosts": server} for server in hosts]}


LISTENERS = {"listeners": [{"name": "http", "port": 80}]}
ANY_RULE = {"rules": [{"http": {"paths": []}}]}
BYPASSES = {
    "no hosts": (
        kubernetes(NETWORKING, "Gateway", "g", {"servers": [{"port": {"number": 80}}]}),
        "Gateway g: server 0 names no host",
    ),
    "an empty list of hosts": (
        kubernetes(NETWORKING, "Gateway", "g", serving([])),
        "Gateway g: server 0 names no host",
    ),
    "hosts that are a text": (
        kubernetes(NETWORKING, "Gateway", "g", {"servers": [{"hosts": "*"}]}),
        "spec.servers[0].hosts is a text, where a list belongs",
    ),
    "another namespace's *": (
        listening("trading/*"),
        "Gateway trading-gateway: server 0 answers for every host (trading/*)",
    ),
    "a second server": (
        kubernetes(NETWORKING, "Gateway", "g", serving(["a.example"], ["*"])),
        "Gateway g: server 1 answers for every host (*)",
    ),
    "a * beside a name": (
        kubernetes(NETWORKING, "Gateway", "g", serving(["a.example", "*"])),
        "Gateway g: server 0 answers for every host (*)",
    ),
    "the newest version of the API": (
        kubernetes("networking.istio.io/v1", "Gateway", "g", serving(["*"])),
        "Gateway g: server 0 answers for every host (*)",
    ),
    "a server after one of TCP": (
        kubernetes(NETWORKING, "Gateway", "g", {"servers": [FEED, {"hosts": ["*"]}]}),
        "Gateway g: server 1 answers for every host (*)",
    ),
    "a name that is a list": (
        kubernetes(NETWORKING, "Gateway", ["g"], serving(["*"])),
        "metadata.name is a list, where a text belongs",
    ),
    "a kind that the resource's type says alone": (
        {"metadata": {"name": "g"}, "spec": serving(["*"])},
        f"kubernetes:{NETWORKING}:Gateway",
        "Gateway g: server 0 answers for every host (*)",
    ),
    "a patch": (
        kubernetes(NETWORKING, "Gateway", "g", serving(["*"])),
        f"kubernetes:{NETWORKING}:GatewayPatch",
        "Gateway g: server 0 answers for every host (*)",
    ),
    "a listener of the Gateway API": (
        kubernetes("gateway.networking.k8s.io/v1", "Gateway", "g", LISTENERS),
        "Gateway g: listener 0 answers for every host",
    ),
    "an Ingress without a host": (
        kubernetes("networking.k8s.io/v1", "Ingress", "i", ANY_RULE),
        "Ingress i: rule 0 answers for every host",
    ),
    "an Ingress' default": (
        kubernetes("networking.k8s.io/v1", "Ingress", "i", {"defaultBackend": {"service": {}}}),
        "Ingress i: spec.defaultBackend answers for every host",
    ),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_no_way_leads_past_the_names(case):
    *given, breach = BYPASSES[case]
    assert said(gateway_hosts.RULE, *given) == [gateway_hosts.RULE.message(breach)]


def test_a_listed_gateway_may_be_of_one_namespace_only():
    theirs = kubernetes(NETWORKING, "Gateway", "edge", serving(["*"]), namespace="theirs")
    assert said(gateway_hosts.RULE, theirs, anyHost=["theirs/edge"]) == []
    assert said(gateway_hosts.RULE, theirs, anyHost=["ours/edge"]) != []
