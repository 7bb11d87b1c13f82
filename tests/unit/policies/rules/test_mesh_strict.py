"""The rule that mutual TLS is STRICT for the whole mesh."""

import pytest

from policies.rules import mesh_strict
from tests.support.policy_resources import changed, istiod, kubernetes, said_of_all, token

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


def test_a_strict_outside_of_the_root_namespace_is_not_mesh_wide():
    assert of_stack(istiod(values__meshConfig={"rootNamespace": "elsewhere"}), peer()) != []


def of_values(**changes: object) -> list[dict]:
    return [istiod(**changes), peer()]


def labelled(**labels: str) -> dict:
    return kubernetes(
        SECURITY, "PeerAuthentication", "default", {"mtls": {"mode": "STRICT"}}, namespace="istio-system", labels=labels
    )


BYPASSES = {
    "a root namespace that the chart merges in": (
        of_values(values__pilot__meshConfig={"rootNamespace": "elsewhere"}),
        "no PeerAuthentication without a selector in elsewhere has spec.mtls.mode STRICT",
    ),
    "a root namespace in the chart's inner defaults": (
        of_values(values___internal_defaults_do_not_set={"meshConfig": {"rootNamespace": "elsewhere"}}),
        "no PeerAuthentication without a selector in elsewhere has spec.mtls.mode STRICT",
    ),
    "Istio's namespace by another value": (
        of_values(values__global__istioNamespace="elsewhere"),
        "no PeerAuthentication without a selector in elsewhere has spec.mtls.mode STRICT",
    ),
    "mesh settings from another ConfigMap": (
        of_values(values__pilot__env={"SHARED_MESH_CONFIG": "other"}),
        "pilot.env.SHARED_MESH_CONFIG takes mesh settings from a source that this rule cannot read",
    ),
    "a second policy for the mesh": ([istiod(), peer(), peer("PERMISSIVE")], "one PeerAuthentication without a"),
    "a second policy without a mode": ([istiod(), peer(), peer("UNSET")], "one PeerAuthentication without a selector"),
    "a policy for another revision": (
        [istiod(), labelled(**{"istio.io/rev": "canary"})],
        "no PeerAuthentication without a selector in istio-system has spec.mtls.mode STRICT",
    ),
    "a policy without a namespace": (
        [istiod(), changed(peer(), metadata__namespace=None)],
        "no PeerAuthentication without a selector in istio-system has spec.mtls.mode STRICT",
    ),
    "a mode in other letters": ([istiod(), peer("strict")], "no PeerAuthentication without a selector in istio-system"),
    "a prerelease's package": ([istiod(chart="charts/istiod-1.31.0-rc.0.tgz")], "no PeerAuthentication without a"),
    "a registry with a tag": (
        [istiod(chart="oci://ghcr.io/istio/release/charts/istiod:1.31.0")],
        "no PeerAuthentication without a selector in istio-system has spec.mtls.mode STRICT",
    ),
    "a copy in a folder": ([istiod(chart="./istiod-vendored")], "no PeerAuthentication without a selector in"),
    "values from a file": ([istiod(valueYamlFiles=["values.yaml"]), peer()], "valueYamlFiles of chart istiod changes"),
    "a root namespace that is a list": (
        of_values(values__meshConfig={"rootNamespace": ["istio-system"]}),
        "meshConfig.rootNamespace is a list, where a text belongs",
    ),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_no_way_leads_past_strict(case):
    resources, words = BYPASSES[case]
    (message,) = of_stack(*resources)
    assert words in message


def test_an_istiod_that_is_no_release_needs_strict_too():
    assert said_of_all(mesh_strict.RULE, ("kubernetes:helm.sh/v4:Chart", istiod())) != []


def test_an_empty_selector_selects_the_whole_mesh():
    assert of_stack(istiod(), peer(selector={"matchLabels": {}})) == []


def test_a_revision_has_its_own_policy():
    assert of_stack(istiod(values__revision="canary"), labelled(**{"istio.io/rev": "canary"})) == []
