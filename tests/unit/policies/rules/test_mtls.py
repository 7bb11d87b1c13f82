"""The rule about weaker mutual TLS."""

from policies.rules import mtls
from tests.support.policy_resources import kubernetes, said

SECURITY, NETWORKING = "security.istio.io/v1beta1", "networking.istio.io/v1beta1"


def peer(mode: str = "STRICT", namespace: str = "istio-system", **spec) -> dict:
    return kubernetes(SECURITY, "PeerAuthentication", "default", {"mtls": {"mode": mode}, **spec}, namespace=namespace)


LEGACY = {"selector": {"matchLabels": {"legacy": "true"}}}


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
