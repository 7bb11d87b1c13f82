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


def test_a_trading_namespace_without_injection_is_refused():
    assert judged(namespace())[0].startswith("namespace trading has istio-injection=None. Fix:")
    assert len(judged(namespace(**{"istio-injection": "disabled"}))) == 1


def test_a_namespace_with_injection_passes():
    assert judged(istiod(), namespace(**INJECTED)) == []


def test_without_istiod_only_listed_namespaces_need_injection():
    assert judged(namespace(), namespaces=["shop"]) == []


def test_the_namespace_of_the_settings_needs_injection_whatever_its_name():
    assert judged(istiod(), namespace("shop"))[0].startswith("namespace shop has istio-injection=None")


def test_a_namespace_of_releases_needs_no_injection():
    assert judged(istiod(), namespace("istio-system"), namespace(**INJECTED)) == []


def test_a_namespace_can_be_excepted_in_the_policy_config():
    assert judged(istiod(), namespace("backup"), without=["backup"]) == []


OPTED_OUT = {"template": {"metadata": {"labels": {INJECT: "false"}}, "spec": {}}}
BYPASSES = {
    "a label that is true": ([namespace(**{"istio-injection": True})], "namespace trading has istio-injection=True"),
    "a label in capitals": (
        [namespace(**{"istio-injection": "Enabled"})],
        "namespace trading has istio-injection=Enabled",
    ),
    "a name that the provider makes": ([istiod(), namespace(None)], "namespace None has istio-injection=None"),
    "a release in a listed namespace": (
        [istiod(), gateway(namespace="trading"), namespace()],
        "namespace trading has istio-injection=None",
    ),
    "the same namespace twice": (
        [namespace(**INJECTED), namespace(**{"istio-injection": "disabled"})],
        "namespace trading has istio-injection=disabled",
    ),
    "a revision that the label does not mean": (
        [istiod(values__revision="canary"), namespace(**INJECTED)],
        "istiod has the revision canary, and injects nothing for istio-injection=enabled",
    ),
    "a revision that the chart merges in": (
        [istiod(values__pilot__revision="canary")],
        "istiod has the revision canary, and injects nothing for istio-injection=enabled",
    ),
    "a selector that no pod passes": (
        [istiod(values__sidecarInjectorWebhook={"neverInjectSelector": [{}]})],
        "sidecarInjectorWebhook.neverInjectSelector keeps pods without a sidecar",
    ),
    "no webhook": ([istiod(values__global__operatorManageWebhooks=True)], "global.operatorManageWebhooks leaves the"),
    "an injector that waits for an annotation": (
        [istiod(values__global__proxy__autoInject="disabled")],
        "global.proxy.autoInject is disabled",
    ),
    "a pod that opts out": (
        [kubernetes("v1", "Pod", "x", {}, namespace="trading", labels={INJECT: "false"})],
        "x in namespace trading has metadata.labels.sidecar.istio.io/inject=false",
    ),
    "a workload that opts out": (
        [kubernetes("apps/v1", "Deployment", "x", OPTED_OUT, namespace="trading")],
        "x in namespace trading has spec.template.metadata.labels.sidecar.istio.io/inject=false",
    ),
    "labels that are a list": (
        [changed(namespace(), metadata__labels=["istio-injection=enabled"])],
        "metadata.labels is a list, where a map belongs",
    ),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_no_way_leads_past_the_sidecars(case):
    resources, words = BYPASSES[case]
    (message,) = judged(*resources)
    assert words in message


def test_a_patch_may_take_the_label_away_but_need_not_repeat_it():
    patch = "kubernetes:core/v1:NamespacePatch"
    assert said_of_all(injection.RULE, (patch, namespace())) == []
    assert said_of_all(injection.RULE, (patch, namespace(**{"istio-injection": "disabled"}))) != []


def test_a_canary_with_the_default_tag_passes():
    canary = istiod(values__revision="canary", values__revisionTags=["default"])
    assert judged(canary, namespace(**INJECTED)) == []


def tag(name: str) -> dict:
    labels = {"istio.io/tag": name}
    return changed(
        kubernetes("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "", labels=labels),
        metadata__name=f"istio-revision-tag-{name}",
    )


def test_a_second_control_plane_beside_the_first_leaves_the_label_as_it_is():
    assert judged(istiod(), istiod(values__revision="next"), namespace(**INJECTED)) == []


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
