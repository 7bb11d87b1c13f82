"""The rule that the workloads' namespaces get sidecars."""

import pytest

from policies.rules import injection
from tests.support.policy_resources import changed, gateway, istiod, kubernetes, said_of_all, token

INJECTED = {"istio-injection": "enabled"}
INJECT = "sidecar.istio.io/inject"


def namespace(name: str | None = "trading", **labels: object) -> dict:
    return changed(kubernetes("v1", "Namespace", "", labels=labels), metadata__name=name)


def judged(*resources: dict, **bounds: list) -> list[str]:
    return said_of_all(injection.RULE, *((token(props), props) for props in resources), **bounds)


def labelled(value: object, name: str = "trading") -> dict:
    return namespace(name, **{"istio-injection": value})


OPTED_OUT = {"template": {"metadata": {"labels": {INJECT: "false"}}, "spec": {}}}
POD = kubernetes("v1", "Pod", "x", {}, namespace="trading", labels={INJECT: "false"})
DEPLOYMENT = kubernetes("apps/v1", "Deployment", "x", OPTED_OUT, namespace="trading")
NEVER = {"neverInjectSelector": [{}]}
LABEL = "namespace trading has istio-injection"
TAGGED = istiod(values__revision="canary", values__revisionTags=["default"])
CANARY = "istiod has the revision canary, and injects nothing for istio-injection=enabled"
BYPASSES = {
    "no label": ([namespace()], f"{LABEL}=None"),
    "a label that says no": ([labelled("disabled")], f"{LABEL}=disabled"),
    "a label that is true": ([labelled(True)], f"{LABEL}=True"),
    "a label in capitals": ([labelled("Enabled")], f"{LABEL}=Enabled"),
    "a namespace of another name": ([istiod(), namespace("shop")], "namespace shop has istio-injection=None"),
    "a name that the provider makes": ([istiod(), namespace(None)], "namespace None has istio-injection=None"),
    "a release in a listed namespace": ([istiod(), gateway(namespace="trading"), namespace()], f"{LABEL}=None"),
    "the same namespace twice": ([labelled("enabled"), labelled("disabled")], f"{LABEL}=disabled"),
    "a revision that the label does not mean": ([istiod(values__revision="canary"), labelled("enabled")], CANARY),
    "a revision that the chart merges in": ([istiod(values__pilot__revision="canary")], CANARY),
    "no pod selected": ([istiod(values__sidecarInjectorWebhook=NEVER)], "sidecarInjectorWebhook.neverInjectSelector"),
    "no webhook": ([istiod(values__global__operatorManageWebhooks=True)], "global.operatorManageWebhooks leaves the"),
    "an injector that waits": ([istiod(values__global__proxy__autoInject="disabled")], "global.proxy.autoInject is"),
    "a pod that opts out": ([POD], f"x in namespace trading has metadata.labels.{INJECT}=false"),
    "a workload that opts out": ([DEPLOYMENT], "x in namespace trading has"),
    "labels that are a list": ([changed(namespace(), metadata__labels=[])], "metadata.labels is a list, where a map"),
}


@pytest.mark.parametrize(("resources", "words"), BYPASSES.values(), ids=BYPASSES)
def test_pods_without_a_sidecar_are_refused(resources, words):
    (message,) = judged(*resources)
    assert message.startswith(words)


@pytest.mark.parametrize(
    ("resources", "bounds"),
    [
        pytest.param([istiod(), namespace(**INJECTED)], {}, id="a namespace with injection"),
        pytest.param([namespace()], {"namespaces": ["shop"]}, id="without istiod one that is not listed"),
        pytest.param([istiod(), namespace("istio-system"), namespace(**INJECTED)], {}, id="a namespace of releases"),
        pytest.param([istiod(), namespace("backup")], {"without": ["backup"]}, id="an exception of the policy config"),
        pytest.param([TAGGED, namespace(**INJECTED)], {}, id="a canary with the default tag"),
        pytest.param([istiod(), istiod(values__revision="next"), namespace(**INJECTED)], {}, id="a second istiod"),
    ],
)
def test_a_namespace_with_sidecars_or_without_need_of_them_passes(resources, bounds):
    assert judged(*resources, **bounds) == []


def test_a_patch_may_take_the_label_away_but_need_not_repeat_it():
    patch = "kubernetes:core/v1:NamespacePatch"
    assert said_of_all(injection.RULE, (patch, namespace())) == []
    assert said_of_all(injection.RULE, (patch, namespace(**{"istio-injection": "disabled"}))) != []


def tag(name: str) -> dict:
    labels = {"istio.io/tag": name}
    return changed(
        kubernetes("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "", labels=labels),
        metadata__name=f"istio-revision-tag-{name}",
    )


def test_a_namespace_may_follow_a_revision_or_a_tag_of_the_stack_and_no_other():
    both = (istiod(), istiod(values__revision="next"), tag("stable"))
    assert judged(*both, namespace(**{"istio.io/rev": "next"})) == []
    assert judged(*both, namespace(**{"istio.io/rev": "stable"})) == []
    assert len(judged(*both, namespace(**{"istio.io/rev": "gone"}))) == 1
    assert len(judged(*both, namespace(**{"istio.io/rev": "next", "istio-injection": "disabled"}))) == 1


def test_pods_of_a_further_namespace_of_the_stack_may_not_opt_out_either():
    deployment = kubernetes("apps/v1", "Deployment", "x", OPTED_OUT, namespace="research")
    assert judged(istiod(), namespace("research", **INJECTED), deployment) != []
    assert judged(istiod(), deployment) == []
