"""The rule that pods run on the right architecture."""

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
    assert message.startswith("kubernetes.io/arch amd64 is asked for")
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
