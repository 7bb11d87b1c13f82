"""The rule that pods run on the right architecture."""

from policies.rules import placement
from tests.support.findings import case, table
from tests.support.policy_resources import asked, assert_said, gateway, istiod


def affinity(*terms: list[dict]) -> dict:
    selector = {"nodeSelectorTerms": [{"matchExpressions": term} for term in terms]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": selector}}


def architecture(*values: str, operator: str = "In") -> dict:
    return {"key": "kubernetes.io/arch", "operator": operator, "values": list(values)}


def selecting(architecture: object) -> dict:
    return gateway(values__nodeSelector={"kubernetes.io/arch": architecture})


def with_affinity(*terms: list[dict]) -> dict:
    return gateway(values__nodeSelector=None, values__affinity=affinity(*terms))


PREFERRED = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [architecture("arm64")]}}
CHART = "kubernetes:helm.sh/v4:Chart"
ANYWHERE = "neither nodeSelector nor a required affinity names kubernetes.io/arch"
OF_ISTIOD = "neither pilot.nodeSelector nor a required pilot.affinity names kubernetes.io/arch"
ARM = architecture("arm64")
ON_AMD = istiod(values__pilot__nodeSelector={"kubernetes.io/arch": "amd64"})


@table(
    case("nothing", gateway(values__nodeSelector=None), ANYWHERE),
    case("a prerelease's package", gateway(chart="gateway-1.29.0-rc.0.tgz", values__nodeSelector=None), ANYWHERE),
    case("a registry with a tag", gateway(chart="oci://h.example/gateway:1.29.0", values__nodeSelector=None), ANYWHERE),
    case("a copy in a folder", gateway(chart="./gateway-vendored", values__nodeSelector=None), ANYWHERE),
    case("a preferred affinity", gateway(values__nodeSelector=None, values__affinity=PREFERRED), ANYWHERE),
    case("an affinity for both", with_affinity([architecture("arm64", "amd64")]), "kubernetes.io/arch amd64 is"),
    case("an affinity without values", with_affinity([architecture()]), ANYWHERE),
    case("a term that leaves it open", with_affinity([ARM], [{"key": "disk", "operator": "Exists"}]), ANYWHERE),
    case("an affinity that only excludes one", with_affinity([architecture("arm64", operator="NotIn")]), ANYWHERE),
    case("a term without expressions", with_affinity([ARM], []), ANYWHERE),
    case("an old label", gateway(values__nodeSelector={"beta.kubernetes.io/arch": "arm64"}), ANYWHERE),
    case("the other chart's place", istiod(values__pilot__nodeSelector=None, values__nodeSelector={}), OF_ISTIOD),
    case("an architecture in capitals", selecting("ARM64"), "kubernetes.io/arch ARM64 is requested"),
    case("an architecture that is nothing", selecting(""), "kubernetes.io/arch  is requested"),
    case("an architecture that is a list", selecting(["arm64"]), "nodeSelector.kubernetes.io/arch is a list, where a"),
    case("a selector that is a text", gateway(values__nodeSelector="arm64"), "nodeSelector is a text, where a map"),
    case("values from a file", gateway(valueYamlFiles=["values.yaml"]), "valueYamlFiles of chart gateway changes it"),
    case("another architecture", ON_AMD, "kubernetes.io/arch amd64 is requested"),
    case("one that the policy config names", asked(ON_AMD, architectures=["amd64"]), ""),
    case("a chart that is no release", asked(gateway(values__nodeSelector=None), CHART), ANYWHERE),
    case("a required affinity", with_affinity([ARM]), ""),
)
def test_a_release_must_land_on_its_architecture(props, words):
    assert_said(placement.RULE, props, words)
