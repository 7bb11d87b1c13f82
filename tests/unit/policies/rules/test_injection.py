"""The rule that the workloads' namespaces get sidecars."""

from policies.rules import injection
from tests.support.findings import case, table
from tests.support.policy_resources import changed, gateway, istiod, kubernetes, said_of_all, token

INJECTED = {"istio-injection": "enabled"}
INJECT = "sidecar.istio.io/inject"


def namespace(name: str | None = "trading", **labels: object) -> dict:
    return changed(kubernetes("v1", "Namespace", "", labels=labels), metadata__name=name)


def judged(*resources: dict, **bounds: list) -> list[str]:
    return said_of_all(injection.RULE, *((token(props), props) for props in resources), **bounds)


def labelled(value: object, **revision: str) -> dict:
    return namespace(**{"istio-injection": value} | {f"istio.io/{label}": name for label, name in revision.items()})


OPTED_OUT = {"template": {"metadata": {"labels": {INJECT: "false"}}, "spec": {}}}
POD = kubernetes("v1", "Pod", "x", {}, namespace="trading", labels={INJECT: "false"})
DEPLOYMENT = kubernetes("apps/v1", "Deployment", "x", OPTED_OUT, namespace="trading")
NEVER = {"neverInjectSelector": [{}]}
LABEL = "namespace trading has istio-injection"
TAGGED = istiod(values__revision="canary", values__revisionTags=["default"])
RESEARCH = kubernetes("apps/v1", "Deployment", "x", OPTED_OUT, namespace="research")
STABLE = kubernetes("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "istio-revision-tag-stable")
BOTH = [istiod(), istiod(values__revision="next"), changed(STABLE, metadata__labels={"istio.io/tag": "stable"})]
CANARY = "istiod has the revision canary, and injects nothing for istio-injection=enabled"


@table(
    case("no label", [namespace()], f"{LABEL}=None"),
    case("a label that says no", [labelled("disabled")], f"{LABEL}=disabled"),
    case("a label that is true", [labelled(True)], f"{LABEL}=True"),
    case("a label in capitals", [labelled("Enabled")], f"{LABEL}=Enabled"),
    case("a namespace of another name", [istiod(), namespace("shop")], "namespace shop has istio-injection=None"),
    case("a name that the provider makes", [istiod(), namespace(None)], "namespace None has istio-injection=None"),
    case("a release in a listed namespace", [istiod(), gateway(namespace="trading"), namespace()], f"{LABEL}=None"),
    case("the same namespace twice", [labelled("enabled"), labelled("disabled")], f"{LABEL}=disabled"),
    case("a revision that the label does not mean", [istiod(values__revision="canary"), labelled("enabled")], CANARY),
    case("a revision that the chart merges in", [istiod(values__pilot__revision="canary")], CANARY),
    case("no pod selected", [istiod(values__sidecarInjectorWebhook=NEVER)], "sidecarInjectorWebhook.neverInjectSelect"),
    case("no webhook", [istiod(values__global__operatorManageWebhooks=True)], "global.operatorManageWebhooks leaves"),
    case("an injector that waits", [istiod(values__global__proxy__autoInject="disabled")], "global.proxy.autoInject"),
    case("a pod that opts out", [POD], f"x in namespace trading has metadata.labels.{INJECT}=false"),
    case("a workload that opts out", [DEPLOYMENT], "x in namespace trading has"),
    case("a revision of another stack", [*BOTH, namespace(**{"istio.io/rev": "gone"})], "namespace trading"),
    case("a label beside the revision that says no", [*BOTH, labelled("disabled", rev="next")], "namespace trading"),
    case("a pod of a further namespace of the stack", [istiod(), namespace("research", **INJECTED), RESEARCH], "x in"),
    case("labels that are a list", [changed(namespace(), metadata__labels=[])], "metadata.labels is a list, where a"),
)
def test_pods_without_a_sidecar_are_refused(resources, words):
    (message,) = judged(*resources)
    assert message.startswith(words)


@table(
    case("a namespace with injection", [istiod(), namespace(**INJECTED)], {}),
    case("without istiod one that is not listed", [namespace()], {"namespaces": ["shop"]}),
    case("a namespace of releases", [istiod(), namespace("istio-system"), namespace(**INJECTED)], {}),
    case("an exception of the policy config", [istiod(), namespace("backup")], {"without": ["backup"]}),
    case("a canary with the default tag", [TAGGED, namespace(**INJECTED)], {}),
    case("a second istiod", [istiod(), istiod(values__revision="next"), namespace(**INJECTED)], {}),
    case("a revision of the stack", [*BOTH, namespace(**{"istio.io/rev": "next"})], {}),
    case("a tag of the stack", [*BOTH, namespace(**{"istio.io/rev": "stable"})], {}),
    case("pods of a namespace that is not the stack's", [istiod(), RESEARCH], {}),
)
def test_a_namespace_with_sidecars_or_without_need_of_them_passes(resources, bounds):
    assert judged(*resources, **bounds) == []


def test_a_patch_may_take_the_label_away_but_need_not_repeat_it():
    patch = "kubernetes:core/v1:NamespacePatch"
    assert said_of_all(injection.RULE, (patch, namespace())) == []
    assert said_of_all(injection.RULE, (patch, namespace(**{"istio-injection": "disabled"}))) != []
