"""The rule that mutual TLS is STRICT for the whole mesh."""

import pytest

from policies.rules import mesh_strict
from tests.support.policy_resources import istiod, kubernetes, said_of_all, token

SECURITY, NETWORKING = "security.istio.io/v1beta1", "networking.istio.io/v1beta1"


def peer(mode: str = "STRICT", namespace: str = "istio-system", **spec) -> dict:
    return kubernetes(SECURITY, "PeerAuthentication", "default", {"mtls": {"mode": mode}, **spec}, namespace=namespace)


def trading(**labels: str) -> dict:
    return kubernetes("v1", "Namespace", "trading", labels=labels)


def of_stack(*resources: dict) -> list[str]:
    return said_of_all(mesh_strict.RULE, *((token(props), props) for props in resources))


LEGACY = {"selector": {"matchLabels": {"legacy": "true"}}}


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
