"""The rule that pods run on the right architecture."""

import pytest

from policies.rules import placement
from tests.support.policy_resources import gateway, istiod, said


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
ANYWHERE_OF_ISTIOD = "neither pilot.nodeSelector nor a required pilot.affinity names kubernetes.io/arch"
ARM = architecture("arm64")
BYPASSES = {
    "nothing": (gateway(values__nodeSelector=None), ANYWHERE),
    "a prerelease's package": (gateway(chart="gateway-1.29.0-rc.0.tgz", values__nodeSelector=None), ANYWHERE),
    "a registry with a tag": (gateway(chart="oci://h.example/gateway:1.29.0", values__nodeSelector=None), ANYWHERE),
    "a copy in a folder": (gateway(chart="./gateway-vendored", values__nodeSelector=None), ANYWHERE),
    "an affinity that is only preferred": (gateway(values__nodeSelector=None, values__affinity=PREFERRED), ANYWHERE),
    "an affinity for both": (with_affinity([architecture("arm64", "amd64")]), "kubernetes.io/arch amd64 is requested"),
    "an affinity without values": (with_affinity([architecture()]), ANYWHERE),
    "an affinity that one term leaves open": (with_affinity([ARM], [{"key": "disk", "operator": "Exists"}]), ANYWHERE),
    "an affinity that only excludes one": (with_affinity([architecture("arm64", operator="NotIn")]), ANYWHERE),
    "a term without expressions": (with_affinity([ARM], []), ANYWHERE),
    "an old label": (gateway(values__nodeSelector={"beta.kubernetes.io/arch": "arm64"}), ANYWHERE),
    "the other chart's place": (istiod(values__pilot__nodeSelector=None, values__nodeSelector={}), ANYWHERE_OF_ISTIOD),
    "an architecture in capitals": (selecting("ARM64"), "kubernetes.io/arch ARM64 is requested"),
    "an architecture that is nothing": (selecting(""), "kubernetes.io/arch  is requested"),
    "an architecture that is a list": (selecting(["arm64"]), "nodeSelector.kubernetes.io/arch is a list, where a text"),
    "a selector that is a text": (gateway(values__nodeSelector="arm64"), "nodeSelector is a text, where a map belongs"),
    "values from a file": (gateway(valueYamlFiles=["values.yaml"]), "valueYamlFiles of chart gateway changes it where"),
}


@pytest.mark.parametrize(("props", "words"), BYPASSES.values(), ids=BYPASSES)
def test_a_release_that_may_land_on_another_architecture_is_refused(props, words):
    (message,) = said(placement.RULE, props)
    assert message.startswith(words)


def test_another_architecture_is_refused_unless_the_policy_config_names_it():
    release = istiod(values__pilot__nodeSelector={"kubernetes.io/arch": "amd64"})
    (message,) = said(placement.RULE, release)
    assert message.startswith("kubernetes.io/arch amd64 is requested")
    assert said(placement.RULE, release, architectures=["amd64"]) == []


def test_a_required_affinity_serves_as_well():
    assert said(placement.RULE, with_affinity([ARM])) == []


def test_a_chart_that_is_no_release_is_judged_too():
    assert said(placement.RULE, gateway(values__nodeSelector=None), "kubernetes:helm.sh/v4:Chart") != []
