"""The rules about the mesh's own objects: mutual TLS, injection, authorization, gateways."""

import pytest

from policies.rules import authorization, gateway_hosts, injection, mesh_strict, mtls
from tests.support.policy_resources import istiod, kubernetes, said, said_of_all, token

SECURITY, NETWORKING = "security.istio.io/v1beta1", "networking.istio.io/v1beta1"


def peer(mode: str = "STRICT", namespace: str = "istio-system", **spec) -> dict:
    return kubernetes(SECURITY, "PeerAuthentication", "default", {"mtls": {"mode": mode}, **spec}, namespace=namespace)


def policy(*rules: dict, action: str = "ALLOW") -> dict:
    return kubernetes(SECURITY, "AuthorizationPolicy", "agent", {"action": action, "rules": list(rules)})


def trading(**labels: str) -> dict:
    return kubernetes("v1", "Namespace", "trading", labels=labels)


def listening(host: str) -> dict:
    return kubernetes(NETWORKING, "Gateway", "trading-gateway", {"servers": [{"hosts": [host]}]})


def of_stack(*resources: dict) -> list[str]:
    return said_of_all(mesh_strict.RULE, *((token(props), props) for props in resources))


LEGACY = {"selector": {"matchLabels": {"legacy": "true"}}}
FROM_ARGOCD = {"from": [{"source": {"namespaces": ["argocd"]}}]}


@pytest.mark.parametrize(
    ("rule", "props"),
    [
        (mtls.RULE, peer()),
        (injection.RULE, trading(**{"istio-injection": "enabled"})),
        (authorization.RULE, policy(FROM_ARGOCD)),
        (gateway_hosts.RULE, listening("shop.example")),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_compliant_object_passes(rule, props):
    assert said(rule, props) == []


def test_permissive_for_everybody_is_refused():
    (message,) = said(mtls.RULE, peer("PERMISSIVE"))
    assert message.startswith(
        "PeerAuthentication default: spec.mtls.mode is PERMISSIVE for all workloads in its reach. Fix:"
    )


def test_permissive_for_a_listed_label_passes():
    legacy = peer("PERMISSIVE", "trading", **LEGACY)
    assert said(mtls.RULE, legacy, permissive=["legacy=true"]) == []
    (message,) = said(mtls.RULE, legacy)
    assert "is PERMISSIVE for workloads with legacy=true" in message


def test_disabled_is_refused_even_for_a_listed_label():
    (message,) = said(mtls.RULE, peer("DISABLE", "trading", **LEGACY), permissive=["legacy=true"])
    assert "refuses mutual TLS altogether" in message


def test_a_port_may_not_be_weaker_than_its_workload():
    (message,) = said(mtls.RULE, peer(portLevelMtls={"8888": {"mode": "PERMISSIVE"}}))
    assert "spec.portLevelMtls.8888.mode is PERMISSIVE" in message


def test_a_mesh_with_strict_passes():
    assert of_stack(istiod(), peer()) == []


@pytest.mark.parametrize(
    "weak", [peer("PERMISSIVE"), peer(namespace="trading"), peer(**LEGACY), kubernetes("v1", "Namespace", "x")]
)
def test_a_mesh_without_a_mesh_wide_strict_is_refused(weak):
    (message,) = of_stack(istiod(), weak)
    assert message.startswith("no PeerAuthentication without a selector in istio-system has spec.mtls.mode STRICT")


def test_a_stack_without_istiod_needs_no_strict():
    assert of_stack(trading()) == []


def test_a_trading_namespace_without_injection_is_refused():
    assert said(injection.RULE, trading())[0].startswith("namespace trading has istio-injection=None. Fix:")
    assert len(said(injection.RULE, trading(**{"istio-injection": "disabled"}))) == 1


def test_only_listed_namespaces_need_injection():
    assert said(injection.RULE, trading(), namespaces=["shop"]) == []


def test_an_empty_allow_rule_is_refused():
    (message,) = said(authorization.RULE, policy(FROM_ARGOCD, {}))
    assert message.startswith("AuthorizationPolicy agent: rule 1 is empty and allows everybody everything. Fix:")


def test_a_wildcard_principal_is_refused():
    (message,) = said(authorization.RULE, policy({"from": [{"source": {"principals": ["*"]}}]}))
    assert message.startswith("AuthorizationPolicy agent: rule 0 allows the principal *")


def test_any_signed_in_user_may_be_allowed():
    assert said(authorization.RULE, policy({"from": [{"source": {"requestPrincipals": ["*"]}}]})) == []


def test_a_deny_policy_may_name_everybody():
    assert said(authorization.RULE, policy({}, action="DENY")) == []


@pytest.mark.parametrize("host", ["*", "*/*", "./*"])
def test_a_gateway_for_every_host_is_named_unless_listed(host):
    (message,) = said(gateway_hosts.RULE, listening(host))
    assert message.startswith(f"Gateway trading-gateway: server 0 answers for every host ({host}). Fix:")
    assert said(gateway_hosts.RULE, listening(host), anyHost=["trading-gateway"]) == []


def test_a_wildcard_below_a_domain_is_a_name():
    assert said(gateway_hosts.RULE, listening("*.shop.example")) == []
