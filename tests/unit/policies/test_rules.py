"""The rules let pass what keeps them."""

import pytest

from policies.rules import (
    authorization,
    autoscaling,
    chart_source,
    chart_version,
    gateway_hosts,
    image_hub,
    injection,
    mtls,
    pi_ceiling,
    placement,
    secrets_in_values,
)
from tests.support.policy_resources import gateway, istiod, kubernetes, said

OF_RELEASES = [
    module.RULE
    for module in (autoscaling, chart_source, chart_version, image_hub, pi_ceiling, placement, secrets_in_values)
]
SECURITY, NETWORKING = "security.istio.io/v1beta1", "networking.istio.io/v1beta1"
STRICT = {"mtls": {"mode": "STRICT"}}
FROM_ARGOCD = {"action": "ALLOW", "rules": [{"from": [{"source": {"namespaces": ["argocd"]}}]}]}
ONE_HOST = {"servers": [{"hosts": ["shop.example"]}]}


@pytest.mark.parametrize(
    ("rule", "props"),
    [
        (mtls.RULE, kubernetes(SECURITY, "PeerAuthentication", "default", STRICT, namespace="istio-system")),
        (injection.RULE, kubernetes("v1", "Namespace", "trading", labels={"istio-injection": "enabled"})),
        (authorization.RULE, kubernetes(SECURITY, "AuthorizationPolicy", "agent", FROM_ARGOCD)),
        (gateway_hosts.RULE, kubernetes(NETWORKING, "Gateway", "trading-gateway", ONE_HOST)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_compliant_object_passes(rule, props):
    assert said(rule, props) == []


@pytest.mark.parametrize("rule", OF_RELEASES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("release", [istiod, gateway])
def test_a_compliant_release_passes(rule, release):
    assert said(rule, release()) == []
