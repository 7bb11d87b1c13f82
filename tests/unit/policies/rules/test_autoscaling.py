"""The rule that autoscalers are bounded."""

from policies.rules import autoscaling
from tests.support.findings import case, table
from tests.support.policy_resources import assert_said, gateway, istiod, kubernetes

BEYOND = {"enabled": True, "maxReplicas": 50}
HPA = kubernetes("autoscaling/v2", "HorizontalPodAutoscaler", "istiod", {"maxReplicas": 50})
KEDA = kubernetes("keda.sh/v1alpha1", "ScaledObject", "istiod", {"scaleTargetRef": {"name": "istiod"}})
NOT_SET, ABOVE = "autoscaling.maxReplicas is not set, and the default is 5", "autoscaling.maxReplicas 50 is above 3"
BOUNDED = {"autoscaling": {"enabled": True, "maxReplicas": 3}, "worker": {"autoscaling": {"enabled": False}}}


def scaled(**autoscaler: object) -> dict:
    return gateway(values__autoscaling={"enabled": True, **autoscaler})


@table(
    case("a switch that is not set", istiod(values__pilot__autoscaleEnabled=None), "pilot.autoscaleEnabled is not set"),
    case("no bound", istiod(values__pilot__autoscaleEnabled=True), "pilot.autoscaleMax is not set"),
    case("a bound just above", scaled(maxReplicas=4), "autoscaling.maxReplicas 4 is above 3"),
    case("a bound that is a text", scaled(maxReplicas="3"), "maxReplicas is a text, where a number belongs. Fix:"),
    case("a switch that is a text, and true in a template", scaled(enabled="false"), NOT_SET),
    case("a bound that is a list", scaled(maxReplicas=[3]), "autoscaling.maxReplicas is a list, where a number"),
    case("a bound that is true", scaled(maxReplicas=True), "autoscaling.maxReplicas is true or false, where a number"),
    case("an autoscaler of its own", HPA, "spec.maxReplicas 50 is above 3"),
    case("an autoscaler of KEDA, whose default is 100", KEDA, "spec.maxReplicaCount is not set, and the default is"),
    case("another chart's autoscaler", gateway(chart="grafana", values={"autoscaling": BEYOND}), ABOVE),
    case("its inner one", gateway(chart="jaeger", values={"jaeger": {"autoscaling": BEYOND}}), f"jaeger.{ABOVE}"),
    case("values from a file", gateway(valueYamlFiles=["values.yaml"]), "valueYamlFiles of chart gateway changes it"),
    case("a bound of the ceiling", scaled(maxReplicas=3), ""),
    case("bounds of another chart's parts", gateway(chart="grafana", values=BOUNDED), ""),
)
def test_an_autoscaler_must_be_bounded(props, words):
    assert_said(autoscaling.RULE, props, words and f"…{words}")
