"""The rule about weaker mutual TLS."""

import pytest

from policies.rules import mtls
from tests.support.policy_resources import assert_said, changed, gateway, istiod, kubernetes, peer

LEGACY, UNLISTED = ({"selector": {"matchLabels": {"legacy": value}}} for value in ("true", "false"))


def test_permissive_for_a_listed_label_passes():
    legacy = peer("PERMISSIVE", "trading", **LEGACY)
    assert_said(mtls.RULE, legacy, "", permissive=["legacy=true"])
    assert_said(mtls.RULE, legacy, "…is PERMISSIVE for workloads with legacy=true")


EXCLUDED = "traffic.sidecar.istio.io/excludeInboundPorts"
INCLUDED = "traffic.sidecar.istio.io/includeInboundPorts"
UNSET = "not set, which is PERMISSIVE unless a wider policy says otherwise"
FOR_ALL = "spec.mtls.mode is PERMISSIVE for all workloads in its scope"
EVERY_PORT = {"includeInboundPorts": "*", "excludeInboundPorts": ""}
WEAKER = {"8888": {"mode": "PERMISSIVE"}}
POD = {"template": {"metadata": {"annotations": {EXCLUDED: "8888"}}}}


def of_port(mode: dict) -> dict:
    return peer(portLevelMtls={"8888": mode}, **LEGACY)


BYPASSES = {
    "PERMISSIVE for everybody": (peer("PERMISSIVE"), FOR_ALL),
    "DISABLE even for a listed label": (peer("DISABLE", "trading", **LEGACY), "refuses mutual TLS altogether"),
    "a port weaker than its workload": (peer(portLevelMtls=WEAKER), "spec.portLevelMtls.8888.mode is PERMISSIVE"),
    "a mode that is not set, for a namespace": (peer("UNSET", "trading"), f"spec.mtls.mode is {UNSET}"),
    "no mode, for a namespace": (changed(peer(namespace="trading"), spec__mtls=None), f"spec.mtls.mode is {UNSET}"),
    "a port's mode that is not set": (of_port({"mode": "UNSET"}), f"spec.portLevelMtls.8888.mode is {UNSET}"),
    "a port without a mode": (of_port({}), f"spec.portLevelMtls.8888.mode is {UNSET}"),
    "a disabled port of a workload": (of_port({"mode": "DISABLE"}), "mode is DISABLE, which refuses mutual TLS"),
    "a mode by its number": (peer(2), "spec.mtls.mode is a number, where a text belongs"),
    "a mode in other letters": (peer("permissive"), "spec.mtls.mode is permissive, which is no mode of Istio"),
    "an empty selector": (peer("PERMISSIVE", selector={"matchLabels": {}}), FOR_ALL),
    "a label with another value": (peer("PERMISSIVE", **UNLISTED), "mode is PERMISSIVE for workloads with"),
    "the newest version of the API": (peer("PERMISSIVE") | {"apiVersion": "security.istio.io/v1"}, FOR_ALL),
    "ports past every sidecar": (istiod(values__global__proxy__excludeInboundPorts="8888"), "ports 8888 bypass the"),
    "no port through the sidecars": (istiod(values__global__proxy__includeInboundPorts=""), "all ports except none"),
    "ports past a gateway": (gateway(values__podAnnotations={INCLUDED: "15021"}), f"{INCLUDED} makes all ports except"),
    "ports past a workload's sidecar": (kubernetes("apps/v1", "Deployment", "web", POD), f"{EXCLUDED} makes ports"),
    "STRICT": (peer(), ""),
    "a STRICT port without a mode of all": (changed(of_port({"mode": "STRICT"}), spec__mtls=None), ""),
    "all ports through the sidecars": (istiod(values__global__proxy=EVERY_PORT), ""),
    "ports that are a text": (peer(portLevelMtls="8888"), "spec.portLevelMtls is a text, where a map belongs"),
}


@pytest.mark.parametrize(("props", "words"), BYPASSES.values(), ids=BYPASSES)
def test_no_way_leads_past_mutual_tls(props, words):
    assert_said(mtls.RULE, props, words and f"…{words}", permissive=["legacy=true"])
