"""The rule that autoscalers are bounded."""

import pytest

from policies.rules import autoscaling
from tests.support.policy_resources import gateway, istiod, kubernetes, said

BEYOND = {"enabled": True, "maxReplicas": 50}
HPA = kubernetes("autoscaling/v2", "HorizontalPodAutoscaler", "istiod", {"maxReplicas": 50})
KEDA = kubernetes("keda.sh/v1alpha1", "ScaledObject", "istiod", {"scaleTargetRef": {"name": "istiod"}})
NOT_SET, ABOVE = "autoscaling.maxReplicas is not set, and the default is 5", "autoscaling.maxReplicas 50 is above 3"
BOUNDED = {"autoscaling": {"enabled": True, "maxReplicas": 3}, "worker": {"autoscaling": {"enabled": False}}}


def scaled(**autoscaler: object) -> dict:
    return gateway(values__autoscaling={"enabled": True, **autoscaler})


REFUSED = {
    "a switch that is not set": (istiod(values__pilot__autoscaleEnabled=None), "pilot.autoscaleEnabled is not set"),
    "no bound": (istiod(values__pilot__autoscaleEnabled=True), "pilot.autoscaleMax is not set"),
    "a bound just above": (scaled(maxReplicas=4), "autoscaling.maxReplicas 4 is above 3"),
    "a bound that is a text": (scaled(maxReplicas="3"), "maxReplicas is a text, where a number belongs. Fix:"),
    "a switch that is a text, and true in a template": (scaled(enabled="false"), NOT_SET),
    "a bound that is a list": (scaled(maxReplicas=[3]), "autoscaling.maxReplicas is a list, where a number belongs"),
    "a bound that is true": (scaled(maxReplicas=True), "autoscaling.maxReplicas is true or false, where a number"),
    "a prerelease's package": (gateway(chart="gateway-1.29.0-rc.0.tgz", values__autoscaling=BEYOND), ABOVE),
    "a copy in a folder": (gateway(chart="./gateway-vendored", values__autoscaling=BEYOND), ABOVE),
    "an autoscaler of its own": (HPA, "spec.maxReplicas 50 is above 3"),
    "an autoscaler of KEDA, whose default is 100": (KEDA, "spec.maxReplicaCount is not set, and the default is 100"),
    "another chart's autoscaler": (gateway(chart="grafana", values={"autoscaling": BEYOND}), ABOVE),
    "its inner one": (gateway(chart="jaeger", values={"jaeger": {"autoscaling": BEYOND}}), f"jaeger.{ABOVE}"),
    "values from a file": (gateway(valueYamlFiles=["values.yaml"]), "valueYamlFiles of chart gateway changes it where"),
}


@pytest.mark.parametrize(("props", "words"), REFUSED.values(), ids=REFUSED)
def test_an_unbounded_autoscaler_is_refused(props, words):
    (message,) = said(autoscaling.RULE, props)
    assert words in message


@pytest.mark.parametrize("release", [scaled(maxReplicas=3), gateway(chart="grafana", values=BOUNDED)])
def test_a_bounded_autoscaler_passes(release):
    assert said(autoscaling.RULE, release) == []
