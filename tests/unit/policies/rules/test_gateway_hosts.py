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
