"""The rule that pods run on the right architecture."""

import pytest

from policies.rules import placement
from tests.support.policy_resources import gateway, istiod, said


def affinity(*terms: list[dict]) -> dict:
    selector = {"nodeSelectorTerms": [{"matchExpressions": term} for term in terms]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": selector}}


def architecture(*values: str, operator: str = "In") -> dict:
    return {"key": "kubernetes.io/arch", "operator": operator, "values": list(values)}


def test_a_release_that_may_land_anywhere_is_refused():
    (message,) = said(placement.RULE, gateway(values__nodeSelector=None))
    assert message.startswith("neither nodeSelector nor a required affinity names kubernetes.io/arch. Fix:")


def test_another_architecture_is_refused_unless_the_policy_config_names_it():
    release = istiod(values__pilot__nodeSelector={"kubernetes.io/arch": "amd64"})
    (message,) = said(placement.RULE, release)
    assert message.startswith("kubernetes.io/arch amd64 is requested")
    assert said(placement.RULE, release, architectures=["amd64"]) == []


def test_a_required_affinity_serves_as_well():
    wanted = affinity([architecture("arm64")])
    assert said(placement.RULE, gateway(values__nodeSelector=None, values__affinity=wanted)) == []


def test_an_affinity_that_one_term_leaves_open_is_refused():
    wanted = affinity([architecture("arm64")], [{"key": "disk", "operator": "Exists"}])
    assert len(said(placement.RULE, gateway(values__nodeSelector=None, values__affinity=wanted))) == 1


def test_an_affinity_that_only_excludes_an_architecture_is_refused():
    wanted = affinity([architecture("arm64", operator="NotIn")])
    assert len(said(placement.RULE, gateway(values__nodeSelector=None, values__affinity=wanted))) == 1


def with_affinity(wanted: object) -> dict:
    return gateway(values__nodeSelector=None, values__affinity=wanted)


PREFERRED = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [architecture("arm64")]}}
BYPASSES = {
    "a prerelease's package": (
        gateway(chart="charts/gateway-1.31.0-rc.0.tgz", values__nodeSelector=None),
        "neither nodeSelector nor a required affinity names kubernetes.io/arch",
    ),
    "a registry with a tag": (
        gateway(chart="oci://h.example/gateway:1.31.0", values__nodeSelector=None),
        "neither nodeSelector nor a required affinity names kubernetes.io/arch",
    ),
    "a copy in a folder": (
        gateway(chart="./gateway-vendored", values__nodeSelector=None),
        "neither nodeSelector nor a required affinity names kubernetes.io/arch",
    ),
    "an affinity that is only preferred": (with_affinity(PREFERRED), "neither nodeSelector nor a required affinity"),
    "an affinity for both": (with_affinity(affinity([architecture("arm64", "amd64")])), "kubernetes.io/arch amd64 is"),
    "an affinity without values": (with_affinity(affinity([architecture()])), "neither nodeSelector nor a required"),
    "a term without expressions": (
        with_affinity(affinity([architecture("arm64")], [])),
        "neither nodeSelector nor a required affinity names kubernetes.io/arch",
    ),
    "an old label": (
        gateway(values__nodeSelector={"beta.kubernetes.io/arch": "arm64"}),
        "neither nodeSelector nor a required affinity names kubernetes.io/arch",
    ),
    "the other chart's place": (
        istiod(values__pilot__nodeSelector=None, values__nodeSelector={}),
        "neither pilot.nodeSelector nor a required pilot.affinity names kubernetes.io/arch",
    ),
    "an architecture in capitals": (
        gateway(values__nodeSelector={"kubernetes.io/arch": "ARM64"}),
        "kubernetes.io/arch ARM64 is requested",
    ),
    "an architecture that is nothing": (
        gateway(values__nodeSelector={"kubernetes.io/arch": ""}),
        "kubernetes.io/arch  is requested",
    ),
    "an architecture that is a list": (
        gateway(values__nodeSelector={"kubernetes.io/arch": ["arm64"]}),
        "nodeSelector.kubernetes.io/arch is a list, where a text belongs",
    ),
    "a selector that is a text": (gateway(values__nodeSelector="arm64"), "nodeSelector is a text, where a map belongs"),
    "values from a file": (gateway(valueYamlFiles=["values.yaml"]), "valueYamlFiles of chart gateway changes it where"),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_no_way_leads_past_the_architecture(case):
    *given, words = BYPASSES[case]
    (message,) = said(placement.RULE, *given)
    assert words in message


def test_a_chart_that_is_no_release_is_judged_too():
    assert said(placement.RULE, gateway(values__nodeSelector=None), "kubernetes:helm.sh/v4:Chart") != []
