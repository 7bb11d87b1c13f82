"""The rule about weaker mutual TLS."""

import pytest

from policies.rules import mtls
from tests.support.policy_resources import changed, gateway, istiod, kubernetes, said

SECURITY = "security.istio.io/v1beta1"


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
FOR_ALL = "spec.mtls.mode is PERMISSIVE for all workloads in its scope"
POD = {"template": {"metadata": {"annotations": {EXCLUDED: "8888"}}}}


def of_port(mode: dict) -> dict:
    return peer(portLevelMtls={"8888": mode}, **LEGACY)


BYPASSES = {
    "a mode that is not set, for a namespace": (peer("UNSET", "trading"), f"spec.mtls.mode is {UNSET}"),
    "no mode, for a namespace": (changed(peer(namespace="trading"), spec__mtls=None), f"spec.mtls.mode is {UNSET}"),
    "a port's mode that is not set": (of_port({"mode": "UNSET"}), f"spec.portLevelMtls.8888.mode is {UNSET}"),
    "a port without a mode": (of_port({}), f"spec.portLevelMtls.8888.mode is {UNSET}"),
    "a disabled port of a workload": (of_port({"mode": "DISABLE"}), "mode is DISABLE, which refuses mutual TLS"),
    "a mode by its number": (peer(2), "spec.mtls.mode is a number, where a text belongs"),
    "a mode in other letters": (peer("permissive"), "spec.mtls.mode is permissive, which is no mode of Istio"),
    "an empty selector": (peer("PERMISSIVE", selector={"matchLabels": {}}), FOR_ALL),
    "a label with another value": (
        peer("PERMISSIVE", selector={"matchLabels": {"legacy": "false"}}),
        "spec.mtls.mode is PERMISSIVE for workloads with legacy=false",
    ),
    "the newest version of the API": (peer("PERMISSIVE") | {"apiVersion": "security.istio.io/v1"}, FOR_ALL),
    "ports past every sidecar": (
        istiod(values__global__proxy__excludeInboundPorts="8888"),
        "global.proxy.excludeInboundPorts makes ports 8888 bypass the proxy",
    ),
    "no port through the sidecars": (
        istiod(values__global__proxy__includeInboundPorts=""),
        "global.proxy.includeInboundPorts makes all ports except none bypass the proxy",
    ),
    "ports past a gateway": (
        gateway(values__podAnnotations={INCLUDED: "15021"}),
        f"podAnnotations.{INCLUDED} makes all ports except 15021 bypass the proxy",
    ),
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
