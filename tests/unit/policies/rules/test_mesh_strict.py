"""The rule that mutual TLS is STRICT for the whole mesh."""

import pytest

from policies.rules import mesh_strict
from tests.support.policy_resources import changed, istiod, kubernetes, said_of_all, token

SECURITY = "security.istio.io/v1beta1"


def peer(mode: str = "STRICT", namespace: str = "istio-system", **spec) -> dict:
    return kubernetes(SECURITY, "PeerAuthentication", "default", {"mtls": {"mode": mode}, **spec}, namespace=namespace)


def of_stack(*resources: dict) -> list[str]:
    return said_of_all(mesh_strict.RULE, *((token(props), props) for props in resources))


def labelled(**labels: str) -> dict:
    return changed(peer(), metadata__labels=labels)


def absent(namespace: str = "istio-system") -> str:
    return f"no PeerAuthentication without a selector in {namespace} has spec.mtls.mode STRICT"


REVISED = [istiod(values__revision="canary"), labelled(**{"istio.io/rev": "canary"})]
SHARED = {"SHARED_MESH_CONFIG": "other"}
ROOT_ELSEWHERE = {"meshConfig": {"rootNamespace": "elsewhere"}}
OLDEST_APPLIES = "is STRICT, another is not: Istio applies the oldest"
BYPASSES = {
    "a root namespace elsewhere": ([istiod(values=ROOT_ELSEWHERE), peer()], absent("elsewhere")),
    "one that the chart merges in": ([istiod(values__pilot=ROOT_ELSEWHERE), peer()], absent("elsewhere")),
    "an inner default": ([istiod(values___internal_defaults_do_not_set=ROOT_ELSEWHERE), peer()], absent("elsewhere")),
    "Istio's namespace elsewhere": ([istiod(values__global__istioNamespace="elsewhere"), peer()], absent("elsewhere")),
    "a root namespace that is a list": ([istiod(values__meshConfig__rootNamespace=["x"]), peer()], "is a list, where"),
    "mesh settings from elsewhere": ([istiod(values__pilot__env=SHARED), peer()], "SHARED_MESH_CONFIG takes mesh"),
    "values from a file": ([istiod(valueYamlFiles=["values.yaml"]), peer()], "valueYamlFiles of chart istiod changes"),
    "no policy": ([istiod()], absent()),
    "PERMISSIVE": ([istiod(), peer("PERMISSIVE")], absent()),
    "a mode in other letters": ([istiod(), peer("strict")], absent()),
    "a policy for a namespace": ([istiod(), peer(namespace="trading")], absent()),
    "a policy without a namespace": ([istiod(), changed(peer(), metadata__namespace=None)], absent()),
    "a policy for some pods": ([istiod(), peer(selector={"matchLabels": {"legacy": "true"}})], absent()),
    "a policy for another revision": ([istiod(), labelled(**{"istio.io/rev": "canary"})], absent()),
    "a second policy for the mesh": ([istiod(), peer(), peer("PERMISSIVE")], OLDEST_APPLIES),
    "a second policy without a mode": ([istiod(), peer(), peer("UNSET")], OLDEST_APPLIES),
    "a prerelease's package": ([istiod(chart="charts/istiod-1.29.0-rc.0.tgz")], absent()),
    "a registry with a tag": ([istiod(chart="oci://ghcr.io/istio/release/charts/istiod:1.29.0")], absent()),
    "a copy in a folder": ([istiod(chart="./istiod-vendored")], absent()),
}


@pytest.mark.parametrize(("resources", "words"), BYPASSES.values(), ids=BYPASSES)
def test_a_mesh_that_is_not_strict_everywhere_is_refused(resources, words):
    (message,) = of_stack(*resources)
    assert words in message


def test_an_istiod_that_is_no_release_needs_strict_too():
    assert said_of_all(mesh_strict.RULE, ("kubernetes:helm.sh/v4:Chart", istiod())) != []


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param([istiod(), peer()], id="a policy for the mesh"),
        pytest.param([istiod(), peer(selector={"matchLabels": {}})], id="an empty selector selects the whole mesh"),
        pytest.param(REVISED, id="a revision has its own policy"),
        pytest.param([kubernetes("v1", "Namespace", "trading")], id="a stack without istiod needs none"),
    ],
)
def test_a_mesh_with_strict_passes(resources):
    assert of_stack(*resources) == []
