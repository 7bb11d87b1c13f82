"""The rule that images come from listed hubs."""

from policies.rules import image_hub
from tests.support.findings import case, table
from tests.support.policy_resources import assert_said, gateway, istiod, kubernetes

EVIL = "evil.example/proxyv2:1"
EXPRESSION = '{{ print "evil" "/proxyv2" }}'
IMAGE, TEMPLATE = "sidecar.istio.io/proxyImage", "an image in sidecarInjectorWebhook.templates.x is"
HUB, ANNOTATED = {"hub": "evil.example"}, {"template": {"metadata": {"annotations": {IMAGE: EVIL}}}}
ANNOTATION = f"spec.template.metadata.annotations.{IMAGE} is {EVIL}"
POD = {"containers": [{"name": "istio-proxy", "image": EVIL}]}
OF_OWN = {"containers": [{"name": "web", "image": "registry.example/web:1"}]}
NO_CONFIG_MAP = kubernetes("apps/v1", "Deployment", "istio-sidecar-injector", {"text": f"image: {EVIL}"})
CONFIG = {"config": f"templates:\n  sidecar: |\n    image: {EVIL}\n"}
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio-sidecar-injector"}, "data": CONFIG}


def injecting(template: str) -> dict:
    return istiod(values__sidecarInjectorWebhook={"templates": {"x": template}})


def grafana(**values: object) -> dict:
    return gateway(chart="grafana", values=values)


@table(
    case("a hub off the list", istiod(values__global__hub="gcr.io/istio-release"), "global.hub is gcr.io/istio-releas"),
    case("a chart that chooses its own hub", istiod(values__global__hub=None), "global.hub is not set, and the"),
    case("another image", istiod(values__pilot__image=EVIL), f"pilot.image is {EVIL}"),
    case("another hub", istiod(values__pilot__hub="evil.example"), "pilot.hub is evil.example"),
    case("a hub of all", istiod(values__hub="evil.example"), "hub is evil.example"),
    case("an image of all", istiod(values__image=EVIL), f"image is {EVIL}"),
    case("the proxy's image", istiod(values__global__proxy__image=EVIL), f"global.proxy.image is {EVIL}"),
    case("the init container's", istiod(values__global__proxy_init__image=EVIL), f"global.proxy_init.image is {EVIL}"),
    case("inner defaults", istiod(values___internal_defaults_do_not_set=HUB), "_internal_defaults_do_not_set.hub is"),
    case("the chart's old defaults", istiod(values__defaults={"pilot": HUB}), "defaults.pilot.hub is evil.example"),
    case("a hub that the chart merges in", istiod(values__pilot__global=HUB), "pilot.global.hub is evil.example"),
    case("a hub that begins alike", istiod(values__global__hub="docker.io/istio-evil"), "global.hub is docker.io/isti"),
    case("a hub below the allowed one's parent", istiod(values__global__hub="docker.io"), "global.hub is docker.io"),
    case("a way out of it", istiod(values__pilot__image="docker.io/istio/../evil/pilot:1"), "pilot.image is docker.io"),
    case("an image that begins alike", istiod(values__pilot__image="docker.io/istio.evil/x:1"), "pilot.image is docke"),
    case("an image that is a list", istiod(values__pilot__image=[EVIL]), "pilot.image is a list, where a text belongs"),
    case("a gateway's annotation", gateway(values__podAnnotations={IMAGE: EVIL}), f"podAnnotations.{IMAGE} is {EVIL}"),
    case("one beside it", gateway(values__additionalContainers=[{"image": EVIL}]), "additionalContainers[0].image is"),
    case("one without a hub", gateway(values__initContainers=[{"image": "evil"}]), "initContainers[0].image is evil"),
    case("its init container", gateway(values__initContainers=[{"image": EVIL}]), f"initContainers[0].image is {EVIL}"),
    case("a template of the injector", injecting(f"spec:\n  containers:\n  - image: {EVIL}\n"), f"{TEMPLATE} {EVIL}"),
    case("a template that writes JSON", injecting(f'{{"containers": [{{"image": "{EVIL}"}}]}}'), f"{TEMPLATE} {EVIL}"),
    case("a template with an expression", injecting(f"image: {EXPRESSION}"), f"{TEMPLATE} {EXPRESSION}"),
    case("another chart's image", grafana(image=EVIL), f"image is {EVIL}"),
    case("its repository", grafana(image={"repository": "evil.example/x"}), "image.repository is evil.example/x"),
    case("its registry", grafana(**{"global": {"imageRegistry": "evil.example"}}), "global.imageRegistry is"),
    case("a command that rewrites the objects", istiod(postrender="./rewrite.sh"), "postrender of chart istiod"),
    case("a proxy in a pod", kubernetes("v1", "Pod", "x", POD), f"spec.containers[0].image is {EVIL}"),
    case("an annotated workload", kubernetes("apps/v1", "Deployment", "x", ANNOTATED), ANNOTATION),
    case("the injector's ConfigMap", CONFIG_MAP, f"an image in data.config is {EVIL}"),
    case("names within the hub", istiod(values__pilot__image="pilot", values__global__proxy__image="proxyv2"), ""),
    case("an empty hub", istiod(values__pilot__hub=""), ""),
    case("an image of the hub", istiod(values__pilot__image="docker.io/istio/pilot:1.29.0-distroless"), ""),
    case("a template that names the hub's image", injecting("containers:\n- image: {{ .ProxyImage }}"), ""),
    case("a dashboard, which is no image", grafana(dashboard='{"image": "logo"}', image={"registry": "docker.io"}), ""),
    case("how images are pulled", gateway(values__imagePullSecrets=["regcred"], values__imagePullPolicy="Always"), ""),
    case("a workload of one's own", kubernetes("v1", "Pod", "x", OF_OWN), ""),
    case("a ConfigMap of one's own", kubernetes("v1", "ConfigMap", "web", {"text": f"image: {EVIL}"}), ""),
    case("another object of the injector's name", NO_CONFIG_MAP, ""),
)
def test_every_key_that_chooses_an_image_must_choose_one_of_the_hub(props, words):
    assert_said(image_hub.RULE, props, words)
