"""The objects of Istio's real charts, of every available version, for given settings."""

import json
from dataclasses import replace

import pytest

from pi_mesh import inventory
from pi_mesh.catalog.istio import gateway_chart
from pi_mesh.inventory import Kind
from pi_mesh.model import ResourceProfile
from pi_mesh.names import EGRESS, INGRESS
from pi_mesh.settings import Settings
from tests.support import charts
from tests.support.factories import make_mesh, make_settings

PROFILE = {"requests": {"cpu": "110m", "memory": "130Mi"}, "limits": {"cpu": "510m", "memory": "250Mi"}}
"""Resources that differ from every chart's default."""


@pytest.fixture(params=charts.each())
def version(request) -> str:
    return request.param


@pytest.fixture
def settings(version) -> Settings:
    wanted = {"resources": PROFILE}
    proxy = {"resources": {"requests": {"cpu": "60m", "memory": "100Mi"}, "limits": {"cpu": "210m", "memory": "255Mi"}}}
    return make_settings(istio={"version": version, **wanted}, ingress=wanted, egress=wanted, proxy=proxy)


def container(items: list[dict]) -> dict:
    (found,) = charts.only(items, "Deployment")["spec"]["template"]["spec"]["containers"]
    return found


def carries(profile: ResourceProfile, rendered: dict) -> bool:
    return rendered["resources"] == profile.to_kubernetes()


def test_every_release_renders(settings):
    rendered = {release.name: charts.template(release) for release in inventory.mesh_inventory(settings).releases}
    assert "kind: ValidatingWebhookConfiguration" in rendered["istio-base"]
    assert "kind: Deployment" in rendered["istiod"]


def test_istiod_carries_exactly_the_settings_numbers(settings, version):
    items = charts.render(inventory.mesh_inventory(settings).the(Kind.ISTIOD))
    deployment = charts.only(items, "Deployment")
    assert carries(settings.istio.resources, container(items))
    assert container(items)["image"] == f"docker.io/istio/pilot:{version}"
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == "25%"
    assert deployment["spec"]["template"]["spec"]["nodeSelector"] == {"kubernetes.io/arch": "arm64"}
    assert not [item for item in items if item["kind"] == "HorizontalPodAutoscaler"]


def test_istiod_gives_sidecars_exactly_the_settings_numbers(settings, version):
    items = charts.render(inventory.mesh_inventory(settings).the(Kind.ISTIOD))
    injector = charts.only(items, "ConfigMap", "istio-sidecar-injector")
    values = json.loads(injector["data"]["values"])["global"]
    assert values["proxy"]["resources"] == settings.proxy.resources.to_kubernetes()
    assert (values["hub"], values["tag"]) == ("docker.io/istio", version)


def test_a_gateway_is_probed_every_few_seconds_and_given_up_after_a_minute(settings):
    plan = inventory.mesh_inventory(settings)
    gateways = plan.of_kind(Kind.GATEWAY)
    injector = charts.only(charts.render(plan.the(Kind.ISTIOD)), "ConfigMap", "istio-sidecar-injector")
    proxy = json.loads(injector["data"]["values"])["global"]["proxy"]
    probes = [(proxy["readinessPeriodSeconds"], proxy["readinessFailureThreshold"])]
    own = [container(charts.render(gateway)).get("readinessProbe") for gateway in gateways]
    probes += [(one["periodSeconds"], one["failureThreshold"]) for one in own if one]
    period, failures = probes[-1]
    assert period <= 3
    assert period * failures == 60
    assert ".Values.global.proxy.readinessPeriodSeconds" in injector["data"]["config"]


def test_the_mesh_config_says_what_the_settings_say(settings):
    items = charts.render(inventory.mesh_inventory(settings).the(Kind.ISTIOD))
    config = charts.only(items, "ConfigMap", "istio")
    mesh = charts.yaml.safe_load(config["data"]["mesh"])
    assert mesh["rootNamespace"] == "istio-system"
    assert mesh["outboundTrafficPolicy"] == {"mode": "ALLOW_ANY"}
    assert mesh["defaultConfig"]["concurrency"] == 2
    assert mesh["defaultConfig"]["proxyMetadata"] == {"SECRET_TTL": "2h"}


def test_gateways_carry_exactly_the_settings_numbers_and_the_roles_labels(settings):
    gateways = inventory.mesh_inventory(settings).of_kind(Kind.GATEWAY)
    assert [release.name for release in gateways] == [INGRESS, EGRESS]
    for release in gateways:
        items = charts.render(release)
        deployment = charts.only(items, "Deployment")
        label = release.name.removeprefix("istio-")
        assert carries(settings.ingress.resources, container(items))
        assert deployment["spec"]["replicas"] == 1
        assert deployment["spec"]["template"]["spec"]["nodeSelector"] == {"kubernetes.io/arch": "arm64"}
        assert deployment["spec"]["template"]["metadata"]["labels"]["istio"] == label
        assert charts.only(items, "Service")["spec"]["selector"] == {"app": release.name, "istio": label}
        assert not [item for item in items if item["kind"] == "HorizontalPodAutoscaler"]


def test_helm_refuses_exactly_the_gateway_charts_that_get_another(version):
    own = replace(make_mesh(istio={"version": version}).of_kind(Kind.GATEWAY)[0], version=version, typed={})
    try:
        charts.template(own)
        refused = False
    except AssertionError as error:
        refused = "additional properties" in str(error)
    assert refused == (gateway_chart(version) != version)


def test_an_autoscaler_that_is_asked_for_has_the_settings_bounds():
    version = charts.versions()[-1]
    on = {"autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 3, "targetCpu": 70}}
    plan = inventory.mesh_inventory(make_settings(istio={"version": version, **on}, ingress=on, egress=on))
    for release in (*plan.of_kind(Kind.ISTIOD), *plan.of_kind(Kind.GATEWAY)):
        scalers = [item for item in charts.render(release) if item["kind"] == "HorizontalPodAutoscaler"]
        bounds = [(item["spec"]["minReplicas"], item["spec"]["maxReplicas"]) for item in scalers]
        targets = [item["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] for item in scalers]
        assert (bounds, targets) == ([(2, 3)], [70])


@pytest.mark.parametrize(("load_balancers", "kind"), [(["ingress"], "LoadBalancer"), ([], "NodePort")])
def test_an_automatic_service_is_a_load_balancer_only_where_there_are_any(load_balancers, kind):
    settings = make_settings(ingress={"service": {"nodePorts": {"http2": 30080}}})
    ingress, egress = inventory.mesh_inventory(settings, load_balancers=load_balancers).of_kind(Kind.GATEWAY)
    service = charts.only(charts.render(ingress), "Service")
    assert service["spec"]["type"] == kind
    assert {port["name"]: port.get("nodePort") for port in service["spec"]["ports"]}["http2"] == 30080
    assert charts.only(charts.render(egress), "Service")["spec"]["type"] == "ClusterIP"
