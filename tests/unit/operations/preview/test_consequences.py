"""The pods that restart, and those that stay as they are."""

import json

import pytest
import yaml

from operations.preview import consequences
from operations.preview.consequences import Consequences

GATEWAY = {"inject.istio.io/templates": "gateway"}


def deployment(name: str, annotations: dict | None = None, **spec: object) -> dict[str, str]:
    template = {"metadata": {"annotations": annotations or {}}, "spec": spec}
    return {f"Deployment istio-system/{name}": yaml.safe_dump({"spec": {"template": template, "replicas": 1}})}


def injector(
    namespace: str = "istio-system", templates: str = "", proxy: str = "{}", **values: object
) -> dict[str, str]:
    data = {"config": templates, "values": json.dumps({"global": {"istioNamespace": namespace, **values}})}
    return {
        f"ConfigMap {namespace}/istio-sidecar-injector": yaml.safe_dump({"data": data}),
        f"ConfigMap {namespace}/istio": yaml.safe_dump({"data": {"mesh": f"defaultConfig: {proxy}\n"}}),
    }


def test_another_pod_template_restarts_the_pods():
    assert consequences.of(deployment("istiod", image="a"), deployment("istiod", image="b")).restarts == (
        "Deployment istio-system/istiod",
    )


def test_another_number_of_replicas_restarts_nothing():
    before = deployment("istiod", image="a")
    after = {key: text.replace("replicas: 1", "replicas: 2") for key, text in before.items()}
    assert after != before
    assert consequences.of(before, after) == Consequences()


def test_a_workload_that_comes_or_goes_does_not_restart():
    assert consequences.of(deployment("a"), deployment("b")).restarts == ()


def test_a_gateway_whose_template_stays_keeps_its_proxy():
    gateway = deployment("istio-ingressgateway", GATEWAY)
    found = consequences.of({**gateway, **injector(tag="1.20.3")}, {**gateway, **injector(tag="1.20.7")})
    assert (found.stale, found.proxy) == (tuple(gateway), "1.20.3")


def test_a_gateway_that_restarts_anyhow_keeps_nothing():
    before, after = (deployment("istio-ingressgateway", {**GATEWAY, "v": tag}) for tag in "ab")
    assert consequences.of({**before, **injector(tag="a")}, {**after, **injector(tag="b")}).stale == ()


@pytest.mark.parametrize("change", [{"templates": "new"}, {"proxy": "{concurrency: 2}"}, {"proxyMemory": "384Mi"}])
def test_other_sidecars_for_new_pods_leave_the_running_ones_and_the_gateways_image(change):
    gateway = deployment("istio-ingressgateway", GATEWAY)
    found = consequences.of({**gateway, **injector()}, {**gateway, **injector(**change)})
    assert found == Consequences(has_new_sidecars=True)


def test_sidecars_of_an_istiod_that_moves_lose_it():
    found = consequences.of(injector(), injector(namespace="mesh-system"))
    assert found.lost_control_plane == "istio-system"


def test_sides_that_are_alike_have_no_consequences():
    objects = {**deployment("istiod"), **injector()}
    assert consequences.of(objects, objects) == Consequences()
