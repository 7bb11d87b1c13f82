"""The rule that images come from listed hubs."""

import json

import pytest

from policies.rules import image_hub
from tests.support.policy_resources import changed, gateway, istiod, kubernetes, said


def test_a_hub_off_the_list_is_refused():
    (message,) = said(image_hub.RULE, istiod(values__global__hub="gcr.io/istio-release"))
    assert message.startswith("global.hub is gcr.io/istio-release. Fix: set images.hub")


def test_a_chart_that_chooses_its_own_hub_is_refused():
    (message,) = said(image_hub.RULE, istiod(values__global__hub=None))
    assert message.startswith("global.hub is not set")


@pytest.mark.parametrize(
    "values",
    [
        {"values__pilot__image": "evil.example/pilot:1"},
        {"values__pilot__hub": "evil.example"},
        {"values__hub": "evil.example"},
        {"values__image": "evil.example/pilot:1"},
        {"values__global__proxy__image": "evil.example/proxyv2:1"},
    ],
    ids=lambda values: next(iter(values)).removeprefix("values__").replace("__", "."),
)
def test_every_key_that_chooses_an_image_is_judged(values):
    assert said(image_hub.RULE, istiod(**values)) != []


EVIL = "evil.example/proxyv2:1"
POD = {"containers": [{"name": "istio-proxy", "image": EVIL}]}
ANNOTATED = {"template": {"metadata": {"annotations": {"sidecar.istio.io/proxyImage": EVIL}}}}
NO_HUB = "global.hub is not set, and the default of the 1.30 charts shuts down in December 2026"
TEMPLATE, EXPRESSION = "sidecarInjectorWebhook.templates.x", '{{ print "evil" "/proxyv2" }}'
BYPASSES = {
    "the init container's image": (
        istiod(values__global__proxy_init__image=EVIL),
        f"global.proxy_init.image is {EVIL}",
    ),
    "the chart's inner defaults": (
        istiod(values___internal_defaults_do_not_set={"hub": "evil.example"}),
        "_internal_defaults_do_not_set.hub is evil.example",
    ),
    "the chart's old defaults": (
        istiod(values__defaults={"pilot": {"hub": "evil.example"}}),
        "defaults.pilot.hub is evil.example",
    ),
    "a hub that the chart merges in": (
        istiod(values__pilot__global={"hub": "evil.example"}),
        "pilot.global.hub is evil.example",
    ),
    "a hub that begins like an allowed one": (
        istiod(values__global__hub="docker.io/istio-evil"),
        "global.hub is docker.io/istio-evil",
    ),
    "a hub below the allowed one's parent": (istiod(values__global__hub="docker.io"), "global.hub is docker.io"),
    "a way out of the hub": (
        istiod(values__pilot__image="docker.io/istio/../evil/pilot:1"),
        "pilot.image is docker.io/istio/../evil/pilot:1",
    ),
    "an image that begins like a hub": (
        istiod(values__pilot__image="docker.io/istio.evil/pilot:1"),
        "pilot.image is docker.io/istio.evil/pilot:1",
    ),
    "a gateway's annotation": (
        gateway(values__podAnnotations={"sidecar.istio.io/proxyImage": EVIL}),
        f"podAnnotations.sidecar.istio.io/proxyImage is {EVIL}",
    ),
    "a gateway's further container": (
        gateway(values__additionalContainers=[{"name": "x", "image": "busybox"}]),
        "additionalContainers[0].image is busybox",
    ),
    "a gateway's init container": (
        gateway(values__initContainers=[{"name": "x", "image": EVIL}]),
        f"initContainers[0].image is {EVIL}",
    ),
    "a template of the injector": (
        istiod(values__sidecarInjectorWebhook={"templates": {"x": f"spec:\n  containers:\n  - image: {EVIL}\n"}}),
        f"an image in {TEMPLATE} is {EVIL}",
    ),
    "a template that writes JSON": (
        istiod(
            values__sidecarInjectorWebhook={"templates": {"x": json.dumps({"spec": {"containers": [{"image": EVIL}]}})}}
        ),
        f"an image in {TEMPLATE} is {EVIL}",
    ),
    "a template with an expression": (
        istiod(values__sidecarInjectorWebhook={"templates": {"x": f"image: {EXPRESSION}"}}),
        f"an image in {TEMPLATE} is {EXPRESSION}",
    ),
    "an image that is a list": (istiod(values__pilot__image=[EVIL]), "pilot.image is a list, where a text belongs"),
    "a prerelease's package": (istiod(chart="charts/istiod-1.31.0-rc.0.tgz", values={"global": {}}), NO_HUB),
    "a copy in a folder": (istiod(chart="./istiod-vendored", values={"global": {}}), NO_HUB),
    "another chart's repository": (
        gateway(chart="grafana", values={"image": {"repository": "evil.example/grafana"}}),
        "image.repository is evil.example/grafana",
    ),
    "another chart's registry": (
        gateway(chart="grafana", values={"global": {"imageRegistry": "evil.example"}}),
        "global.imageRegistry is evil.example",
    ),
    "a command that rewrites the objects": (
        changed(istiod(), postrender="./rewrite.sh"),
        "postrender of chart istiod changes it where this rule cannot read it",
    ),
    "a proxy in a pod": (kubernetes("v1", "Pod", "x", POD), f"spec.containers[0].image is {EVIL}"),
    "an annotated workload": (
        kubernetes("apps/v1", "Deployment", "x", ANNOTATED),
        f"spec.template.metadata.annotations.sidecar.istio.io/proxyImage is {EVIL}",
    ),
    "the injector's ConfigMap": (
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "istio-sidecar-injector"},
            "data": {"config": f"templates:\n  sidecar: |\n    image: {EVIL}\n"},
        },
        f"an image in data.config is {EVIL}",
    ),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_no_way_leads_past_the_hubs(case):
    *given, breach = BYPASSES[case]
    assert said(image_hub.RULE, *given) == [image_hub.RULE.message(breach)]


@pytest.mark.parametrize(
    "props",
    [
        istiod(values__pilot__image="pilot", values__global__proxy__image="proxyv2", values__pilot__hub=""),
        istiod(values__pilot__image="docker.io/istio/pilot:1.31.0-distroless"),
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
