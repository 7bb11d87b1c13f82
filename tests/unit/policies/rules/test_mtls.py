"""The rule about weaker mutual TLS."""

import pytest

from policies.rules import mtls
from tests.support.policy_resources import gateway, istiod, kubernetes, said

SECURITY, NETWORKING = "security.istio.io/v1beta1", "networking.istio.io/v1beta1"


def peer(mode: str = "STRICT", namespace: str = "istio-system", **spec) -> dict:
    return kubernetes(SECURITY, "PeerAuthentication", "default", {"mtls": {"mode": mode}, **spec}, namespace=namespace)


LEGACY = {"selector": {"matchLabels": {"legacy": "true"}}}


def test_permissive_for_everybody_is_refused():
    (message,) = said(mtls.RULE, peer("PERMISSIVE"))
    assert message.startswith(
        "PeerAuthentication default: spec.mtls.mode is PERMISSIVE for all workloads in its scope. Fix:"
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


EXCLUDED = "traffic.sidecar.istio.io/excludeInboundPorts"
INCLUDED = "traffic.sidecar.istio.io/includeInboundPorts"
UNSET = "not set, which is PERMISSIVE unless a wider policy says otherwise"
POD = {"template": {"metadata": {"annotations": {EXCLUDED: "8888"}}}}
BYPASSES = {
    "a mode that is not set, for a namespace": (peer("UNSET", "trading"), f"spec.mtls.mode is {UNSET}"),
    "no mode, for a namespace": (
        kubernetes(SECURITY, "PeerAuthentication", "d", {}, namespace="trading"),
        f"PeerAuthentication d: spec.mtls.mode is {UNSET}",
    ),
    "a port's mode that is not set": (
        peer(portLevelMtls={"8888": {"mode": "UNSET"}}, **LEGACY),
        f"PeerAuthentication default: spec.portLevelMtls.8888.mode is {UNSET}",
    ),
    "a port without a mode": (peer(portLevelMtls={"8888": {}}, **LEGACY), f"spec.portLevelMtls.8888.mode is {UNSET}"),
    "a disabled port of a listed workload": (
        peer(portLevelMtls={"8888": {"mode": "DISABLE"}}, **LEGACY),
        "PeerAuthentication default: spec.portLevelMtls.8888.mode is DISABLE, which refuses mutual TLS altogether",
    ),
    "a mode by its number": (peer(2), "spec.mtls.mode is a number, where a text belongs"),
    "a mode in other letters": (peer("permissive"), "spec.mtls.mode is permissive, which is no mode of Istio"),
    "an empty selector": (peer("PERMISSIVE", selector={"matchLabels": {}}), "spec.mtls.mode is PERMISSIVE for all"),
    "a label with another value": (
        peer("PERMISSIVE", selector={"matchLabels": {"legacy": "false"}}),
        "PeerAuthentication default: spec.mtls.mode is PERMISSIVE for workloads with legacy=false",
    ),
    "the newest version of the API": (
        kubernetes("security.istio.io/v1", "PeerAuthentication", "d", {"mtls": {"mode": "PERMISSIVE"}}),
        "PeerAuthentication d: spec.mtls.mode is PERMISSIVE for all workloads in its scope",
    ),
    "ports past every sidecar": (
        istiod(values__global__proxy__excludeInboundPorts="8888"),
        "global.proxy.excludeInboundPorts makes ports 8888 bypass the proxy",
    ),
    "no port through the sidecars": (
        istiod(values__global__proxy__includeInboundPorts=""),
        "global.proxy.includeInboundPorts makes all ports except none bypass the proxy",
    ),
    "ports past a gateway": (gateway(values__podAnnotations={INCLUDED: "15021"}), f"podAnnotations.{INCLUDED} makes"),
    "ports past a workload's sidecar": (
        kubernetes("apps/v1", "Deployment", "web", POD),
        f"spec.template.metadata.annotations.{EXCLUDED} makes ports 8888 bypass the proxy",
    ),
    "ports that are a text": (peer(portLevelMtls="8888"), "spec.portLevelMtls is a text, where a map belongs"),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_no_way_leads_past_mutual_tls(case):
    *given, words = BYPASSES[case]
    (message,) = said(mtls.RULE, *given, permissive=["legacy=true"])
    assert words in message


@pytest.mark.parametrize(
    "props",
    [
        peer(),
        kubernetes(SECURITY, "PeerAuthentication", "d", {"portLevelMtls": {"80": {"mode": "STRICT"}}, **LEGACY}),
        istiod(values__global__proxy__includeInboundPorts="*", values__global__proxy__excludeInboundPorts=""),
    ],
)
def test_what_weakens_nothing_passes(props):
    assert said(mtls.RULE, props) == []
