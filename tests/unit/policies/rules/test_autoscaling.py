"""The rule that autoscalers are bounded."""

import pytest

from policies.rules import autoscaling
from tests.support.policy_resources import changed, gateway, istiod, kubernetes, said


@pytest.mark.parametrize(
    ("release", "said_of_it"),
    [
        (istiod(values__pilot__autoscaleEnabled=None), "pilot.autoscaleEnabled is not set"),
        (istiod(values__pilot__autoscaleEnabled=True), "pilot.autoscaleMax is not set"),
        (gateway(values__autoscaling={"enabled": True, "maxReplicas": 4}), "autoscaling.maxReplicas 4 is above 3"),
    ],
)
def test_an_unbounded_autoscaler_is_refused(release, said_of_it):
    (message,) = said(autoscaling.RULE, release)
    assert message.startswith(said_of_it)


def test_a_bounded_autoscaler_passes():
    assert said(autoscaling.RULE, gateway(values__autoscaling={"enabled": True, "maxReplicas": 3})) == []


def test_a_bound_that_is_a_text_is_refused():
    release = istiod(values__pilot__autoscaleEnabled=True, values__pilot__autoscaleMax="50")
    (message,) = said(autoscaling.RULE, release)
    assert message.startswith("pilot.autoscaleMax is a text, where a number belongs. Fix:")


BEYOND = {"enabled": True, "maxReplicas": 50}
HPA = kubernetes("autoscaling/v2", "HorizontalPodAutoscaler", "istiod", {"maxReplicas": 50})
SCALED = kubernetes("keda.sh/v1alpha1", "ScaledObject", "istiod", {"scaleTargetRef": {"name": "istiod"}})
BYPASSES = {
    "a switch that is a text, and true in a template": (
        gateway(values__autoscaling={"enabled": "false"}),
        "autoscaling.maxReplicas is not set, and the default is 5",
    ),
    "a bound that is a list": (
        gateway(values__autoscaling={"enabled": True, "maxReplicas": [3]}),
        "autoscaling.maxReplicas is a list, where a number belongs",
    ),
    "a bound that is true": (
        gateway(values__autoscaling={"enabled": True, "maxReplicas": True}),
        "autoscaling.maxReplicas is true or false, where a number belongs",
    ),
    "a prerelease's package": (
        gateway(chart="charts/gateway-1.31.0-rc.0.tgz", values__autoscaling=BEYOND),
        "autoscaling.maxReplicas 50 is above 3",
    ),
    "a copy in a folder": (
        gateway(chart="./gateway-vendored", values__autoscaling=BEYOND),
        "autoscaling.maxReplicas 50 is above 3",
    ),
    "an autoscaler of its own": (HPA, "spec.maxReplicas 50 is above 3"),
    "an autoscaler of KEDA, whose default is 100": (SCALED, "spec.maxReplicaCount is not set, and the default is 100"),
    "another chart's autoscaler": (
        gateway(chart="grafana", values={"autoscaling": BEYOND}),
        "autoscaling.maxReplicas 50 is above 3",
    ),
    "another chart's inner autoscaler": (
        gateway(chart="jaeger", values={"jaeger": {"autoscaling": BEYOND}}),
        "jaeger.autoscaling.maxReplicas 50 is above 3",
    ),
    "values from a file": (
        changed(gateway(), valueYamlFiles=["values.yaml"]),
        "valueYamlFiles of chart gateway changes it where this rule cannot read it",
    ),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_no_way_leads_past_the_bound(case):
    *given, breach = BYPASSES[case]
    assert said(autoscaling.RULE, *given) == [autoscaling.RULE.message(breach)]


def test_another_charts_autoscaler_within_the_bound_passes():
    bounded = {"autoscaling": {"enabled": True, "maxReplicas": 3}, "worker": {"autoscaling": {"enabled": False}}}
    assert said(autoscaling.RULE, gateway(chart="grafana", values=bounded)) == []
