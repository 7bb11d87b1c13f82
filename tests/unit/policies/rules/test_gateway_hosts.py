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


def test_a_tcp_server_has_no_host_to_name():
    feed = {"servers": [{"port": {"number": 9000, "protocol": "TCP"}, "hosts": ["*"]}]}
    assert said(gateway_hosts.RULE, kubernetes(NETWORKING, "Gateway", "feed", feed)) == []


def serving(*hosts: list[str]) -> dict:
    return {"servers": [{"hosts": server} for server in hosts]}


LISTENERS = {"listeners": [{"name": "http", "port": 80}]}
ANY_RULE = {"rules": [{"http": {"paths": []}}]}
BYPASSES = {
    "no hosts": kubernetes(NETWORKING, "Gateway", "g", {"servers": [{"port": {"number": 80}}]}),
    "an empty list of hosts": kubernetes(NETWORKING, "Gateway", "g", serving([])),
    "hosts that are a text": kubernetes(NETWORKING, "Gateway", "g", {"servers": [{"hosts": "*"}]}),
    "another namespace's *": listening("trading/*"),
    "a second server": kubernetes(NETWORKING, "Gateway", "g", serving(["a.example"], ["*"])),
    "a * beside a name": kubernetes(NETWORKING, "Gateway", "g", serving(["a.example", "*"])),
    "the newest version of the API": kubernetes("networking.istio.io/v1", "Gateway", "g", serving(["*"])),
    "a listener of the Gateway API": kubernetes("gateway.networking.k8s.io/v1", "Gateway", "g", LISTENERS),
    "an Ingress without a host": kubernetes("networking.k8s.io/v1", "Ingress", "i", ANY_RULE),
    "an Ingress' default": kubernetes("networking.k8s.io/v1", "Ingress", "i", {"defaultBackend": {"service": {}}}),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_no_way_leads_past_the_names(case):
    assert said(gateway_hosts.RULE, BYPASSES[case]) != []


def test_a_listed_gateway_may_be_of_one_namespace_only():
    theirs = kubernetes(NETWORKING, "Gateway", "edge", serving(["*"]), namespace="theirs")
    assert said(gateway_hosts.RULE, theirs, anyHost=["theirs/edge"]) == []
    assert said(gateway_hosts.RULE, theirs, anyHost=["ours/edge"]) != []
