"""The rule that mutual TLS is STRICT for the whole mesh."""

from policies.rules import mesh_strict
from tests.support.findings import case, table
from tests.support.policy_resources import changed, istiod, kubernetes, peer, said_of_all, token


def labelled(**labels: str) -> dict:
    return changed(peer(), metadata__labels=labels)


ABSENT, GONE = (
    f"no PeerAuthentication without a selector in {namespace} has spec.mtls.mode STRICT"
    for namespace in ("istio-system", "elsewhere")
)
REVISED = [istiod(values__revision="canary"), labelled(**{"istio.io/rev": "canary"})]
SHARED = {"SHARED_MESH_CONFIG": "other"}
ROOT_ELSEWHERE = {"meshConfig": {"rootNamespace": "elsewhere"}}
OLDEST_APPLIES = "is STRICT, another is not: Istio applies the oldest"


@table(
    case("a root namespace elsewhere", [istiod(values=ROOT_ELSEWHERE), peer()], GONE),
    case("one that the chart merges in", [istiod(values__pilot=ROOT_ELSEWHERE), peer()], GONE),
    case("an inner default", [istiod(values___internal_defaults_do_not_set=ROOT_ELSEWHERE), peer()], GONE),
    case("Istio elsewhere", [istiod(values__global__istioNamespace="elsewhere"), peer()], GONE),
    case("a root namespace that is a list", [istiod(values__meshConfig__rootNamespace=["x"]), peer()], "is a list,"),
    case("mesh settings from elsewhere", [istiod(values__pilot__env=SHARED), peer()], "SHARED_MESH_CONFIG takes mesh"),
    case("values from a file", [istiod(valueYamlFiles=["values.yaml"]), peer()], "valueYamlFiles of chart istiod"),
    case("no policy", [istiod()], ABSENT),
    case("PERMISSIVE", [istiod(), peer("PERMISSIVE")], ABSENT),
    case("a mode in other letters", [istiod(), peer("strict")], ABSENT),
    case("a policy for a namespace", [istiod(), peer(namespace="trading")], ABSENT),
    case("a policy without a namespace", [istiod(), changed(peer(), metadata__namespace=None)], ABSENT),
    case("a policy for some pods", [istiod(), peer(selector={"matchLabels": {"legacy": "true"}})], ABSENT),
    case("a policy for another revision", [istiod(), labelled(**{"istio.io/rev": "canary"})], ABSENT),
    case("a second policy for the mesh", [istiod(), peer(), peer("PERMISSIVE")], OLDEST_APPLIES),
    case("a second policy without a mode", [istiod(), peer(), peer("UNSET")], OLDEST_APPLIES),
    case("a prerelease's package", [istiod(chart="charts/istiod-1.29.0-rc.0.tgz")], ABSENT),
    case("a registry with a tag", [istiod(chart="oci://ghcr.io/istio/release/charts/istiod:1.29.0")], ABSENT),
    case("a copy in a folder", [istiod(chart="./istiod-vendored")], ABSENT),
    case("a policy for the mesh", [istiod(), peer()], ""),
    case("an empty selector, which selects the whole mesh", [istiod(), peer(selector={"matchLabels": {}})], ""),
    case("a revision with its own policy", REVISED, ""),
    case("a stack without istiod, which needs none", [kubernetes("v1", "Namespace", "trading")], ""),
)
def test_a_mesh_must_be_strict_everywhere(resources, words):
    messages = said_of_all(mesh_strict.RULE, *((token(props), props) for props in resources))
    assert [words in message for message in messages] == [True] * bool(words), messages


def test_an_istiod_that_is_no_release_needs_strict_too():
    assert said_of_all(mesh_strict.RULE, ("kubernetes:helm.sh/v4:Chart", istiod())) != []
