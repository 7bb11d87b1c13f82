"""The rule that pods run on the right architecture."""

from policies.rules import placement
from tests.support.findings import case, table
from tests.support.policy_resources import assert_said, gateway, istiod


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
ANYWHERE = "neither nodeSelector nor a required affinity names kubernetes.io/arch"
OF_ISTIOD = "neither pilot.nodeSelector nor a required pilot.affinity names kubernetes.io/arch"
ARM, AMD = architecture("arm64"), {"kubernetes.io/arch": "amd64"}


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
    case("another architecture", istiod(values__pilot__nodeSelector=AMD), "kubernetes.io/arch amd64 is requested"),
    case("a required affinity", with_affinity([ARM]), ""),
)
def test_a_release_must_land_on_its_architecture(props, words):
    assert_said(placement.RULE, props, words)


def test_the_policy_config_may_name_another_architecture():
    assert_said(placement.RULE, istiod(values__pilot__nodeSelector=AMD), "", architectures=["amd64"])


def test_a_chart_that_is_no_release_is_judged_too():
    assert_said(placement.RULE, gateway(values__nodeSelector=None), "neither", "kubernetes:helm.sh/v4:Chart")
