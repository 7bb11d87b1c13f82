"""The rule that images come from listed hubs."""

import pytest

from policies.rules import image_hub
from tests.support.policy_resources import gateway, istiod, kubernetes, said

EVIL = "evil.example/proxyv2:1"
EXPRESSION = '{{ print "evil" "/proxyv2" }}'
IMAGE, TEMPLATE = "sidecar.istio.io/proxyImage", "an image in sidecarInjectorWebhook.templates.x is"
HUB, ANNOTATED = {"hub": "evil.example"}, {"template": {"metadata": {"annotations": {IMAGE: EVIL}}}}
ANNOTATION = f"spec.template.metadata.annotations.{IMAGE} is {EVIL}"
POD = {"containers": [{"name": "istio-proxy", "image": EVIL}]}
CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "istio-sidecar-injector"},
    "data": {"config": f"templates:\n  sidecar: |\n    image: {EVIL}\n"},
}


def injecting(template: str) -> dict:
    return istiod(values__sidecarInjectorWebhook={"templates": {"x": template}})


def grafana(**values: object) -> dict:
    return gateway(chart="grafana", values=values)


REFUSED = {
    "a hub off the list": (istiod(values__global__hub="gcr.io/istio-release"), "global.hub is gcr.io/istio-release."),
    "a chart that chooses its own hub": (istiod(values__global__hub=None), "global.hub is not set, and the default of"),
    "another image": (istiod(values__pilot__image=EVIL), f"pilot.image is {EVIL}"),
    "another hub": (istiod(values__pilot__hub="evil.example"), "pilot.hub is evil.example"),
    "a hub of all": (istiod(values__hub="evil.example"), "hub is evil.example"),
    "an image of all": (istiod(values__image=EVIL), f"image is {EVIL}"),
    "the proxy's image": (istiod(values__global__proxy__image=EVIL), f"global.proxy.image is {EVIL}"),
    "the init container's": (istiod(values__global__proxy_init__image=EVIL), f"global.proxy_init.image is {EVIL}"),
    "inner defaults": (istiod(values___internal_defaults_do_not_set=HUB), "_internal_defaults_do_not_set.hub is evil"),
    "the chart's old defaults": (istiod(values__defaults={"pilot": HUB}), "defaults.pilot.hub is evil.example"),
    "a hub that the chart merges in": (istiod(values__pilot__global=HUB), "pilot.global.hub is evil.example"),
    "a hub that begins alike": (istiod(values__global__hub="docker.io/istio-evil"), "global.hub is docker.io/istio-"),
    "a hub below the allowed one's parent": (istiod(values__global__hub="docker.io"), "global.hub is docker.io"),
    "a way out of it": (istiod(values__pilot__image="docker.io/istio/../evil/pilot:1"), "pilot.image is docker.io"),
    "an image that begins alike": (istiod(values__pilot__image="docker.io/istio.evil/x:1"), "pilot.image is docker.io"),
    "an image that is a list": (istiod(values__pilot__image=[EVIL]), "pilot.image is a list, where a text belongs"),
    "a gateway's annotation": (gateway(values__podAnnotations={IMAGE: EVIL}), f"podAnnotations.{IMAGE} is {EVIL}"),
    "one beside it": (gateway(values__additionalContainers=[{"image": EVIL}]), "additionalContainers[0].image is evil"),
    "its init container": (gateway(values__initContainers=[{"image": EVIL}]), f"initContainers[0].image is {EVIL}"),
    "a template of the injector": (injecting(f"spec:\n  containers:\n  - image: {EVIL}\n"), f"{TEMPLATE} {EVIL}"),
    "a template that writes JSON": (injecting(f'{{"containers": [{{"image": "{EVIL}"}}]}}'), f"{TEMPLATE} {EVIL}"),
    "a template with an expression": (injecting(f"image: {EXPRESSION}"), f"{TEMPLATE} {EXPRESSION}"),
    "a prerelease's package": (istiod(chart="istiod-1.29.0-rc.0.tgz", values={"global": {}}), "global.hub is not set"),
    "a copy in a folder": (istiod(chart="./istiod-vendored", values={"global": {}}), "global.hub is not set"),
    "another chart's image": (grafana(image=EVIL), f"image is {EVIL}"),
    "its repository": (grafana(image={"repository": "evil.example/x"}), "image.repository is evil.example/x"),
    "its registry": (grafana(**{"global": {"imageRegistry": "evil.example"}}), "global.imageRegistry is evil.example"),
    "a command that rewrites the objects": (istiod(postrender="./rewrite.sh"), "postrender of chart istiod changes it"),
    "a proxy in a pod": (kubernetes("v1", "Pod", "x", POD), f"spec.containers[0].image is {EVIL}"),
    "an annotated workload": (kubernetes("apps/v1", "Deployment", "x", ANNOTATED), ANNOTATION),
    "the injector's ConfigMap": (CONFIG_MAP, f"an image in data.config is {EVIL}"),
}


@pytest.mark.parametrize(("props", "words"), REFUSED.values(), ids=REFUSED)
def test_every_key_that_chooses_an_image_is_judged(props, words):
    (message,) = said(image_hub.RULE, props)
    assert message.startswith(words)


@pytest.mark.parametrize(
    "props",
    [
        istiod(values__pilot__image="pilot", values__global__proxy__image="proxyv2", values__pilot__hub=""),
        istiod(values__pilot__image="docker.io/istio/pilot:1.29.0-distroless"),
        istiod(values__sidecarInjectorWebhook={"templates": {"x": "containers:\n- image: {{ .ProxyImage }}"}}),
        gateway(chart="grafana", values={"dashboard": '{"image": "logo"}', "image": {"registry": "docker.io"}}),
        gateway(values__imagePullSecrets=["regcred"], values__imagePullPolicy="Always"),
        kubernetes("v1", "Pod", "web", {"containers": [{"name": "web", "image": "registry.example/web:1"}]}),
        kubernetes("v1", "ConfigMap", "web", {"text": f"image: {EVIL}"}),
        kubernetes("apps/v1", "Deployment", "istio-sidecar-injector", {"text": f"image: {EVIL}"}),
    ],
)
def test_images_of_the_hub_and_workloads_of_ones_own_pass(props):
    assert said(image_hub.RULE, props) == []
