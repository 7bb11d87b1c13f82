"""The objects of Istio's real charts, of every available version, for given settings."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import yaml

from pi_mesh.catalog.istio import facts_of, gateway_chart
from pi_mesh.inventory import Inventory, Kind, Release
from pi_mesh.names import EGRESS, INGRESS
from pi_mesh.values import helm_values
from tests.support import charts
from tests.support.factories import make_mesh

PROFILE = {"requests": {"cpu": "110m", "memory": "130Mi"}, "limits": {"cpu": "510m", "memory": "250Mi"}}
PROXY = {"requests": {"cpu": "60m", "memory": "100Mi"}, "limits": {"cpu": "210m", "memory": "255Mi"}}
"""Resources that differ from every chart's default."""
LOW_PORTS = {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}
ARM64 = {"kubernetes.io/arch": "arm64"}
AUTOSCALED = {"autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 3, "targetCpu": 70}}
each_version = pytest.mark.parametrize("version", charts.each())
Objects = list[dict[str, Any]]
TWO = {"replicas": 2}
DIGEST = f"sha256:{'0' * 64}"
MIRROR = [{"name": "mirror"}]
IMAGES = {"pullSecrets": ["mirror"], "digests": {"pilot": DIGEST, "proxyv2": DIGEST}}


@cache
def small(version: str) -> Inventory:
    """Return the mesh with one pod of each kind and resources of its own."""
    own = {"resources": PROFILE}
    return make_mesh(istio={"version": version, **own}, ingress=own, egress=own, proxy={"resources": PROXY})


def mesh_of(version: str, istio: dict | None = None, **settings: object) -> Inventory:
    return make_mesh(istio={"version": version, **(istio or {})}, **settings)


def kinds(items: Objects) -> set[str]:
    return {item["kind"] for item in items}


def pod_of(items: Objects) -> dict[str, Any]:
    return charts.only(items, "Deployment")["spec"]["template"]


def mesh_config(items: Objects) -> dict[str, Any]:
    return yaml.safe_load(charts.only(items, "ConfigMap", "istio")["data"]["mesh"])


def injected(items: Objects) -> dict[str, Any]:
    """Return the Helm values by which istiod injects proxies."""
    return json.loads(charts.only(items, "ConfigMap", "istio-sidecar-injector")["data"]["values"])["global"]


@each_version
def test_every_release_renders(version):
    base = charts.template(small(version).the(Kind.BASE))
    assert "kind: ValidatingWebhookConfiguration" in base


@each_version
def test_istiod_and_its_sidecars_carry_exactly_the_settings_numbers(version):
    items = charts.render(small(version).the(Kind.ISTIOD))
    deployment, (container,) = charts.only(items, "Deployment"), pod_of(items)["spec"]["containers"]
    assert (container["image"], container["resources"]) == (f"docker.io/istio/pilot:{version}", PROFILE)
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == "25%"
    assert pod_of(items)["spec"]["nodeSelector"] == ARM64
    assert kinds(items) & {"HorizontalPodAutoscaler", "PodDisruptionBudget"} == set()
    values = injected(items)
    assert (values["hub"], values["tag"], values["proxy"]["resources"]) == ("docker.io/istio", version, PROXY)


@each_version
def test_the_mesh_config_says_what_the_settings_say(version):
    mesh = mesh_config(charts.render(small(version).the(Kind.ISTIOD)))
    assert (mesh["rootNamespace"], mesh["outboundTrafficPolicy"]) == ("istio-system", {"mode": "ALLOW_ANY"})
    assert mesh["defaultHttpRetryPolicy"] == {"attempts": 2, "retryOn": "connect-failure,refused-stream"}
    config = mesh["defaultConfig"]
    assert (config["concurrency"], config["proxyMetadata"]) == (2, {"SECRET_TTL": "2h"})
    assert config["holdApplicationUntilProxyStarts"] is True


@each_version
def test_a_gateway_is_probed_every_few_seconds_and_given_up_after_a_minute(version):
    items = charts.render(small(version).the(Kind.ISTIOD))
    proxy = injected(items)["proxy"]
    gateway = pod_of(charts.render(small(version).of_kind(Kind.GATEWAY)[0]))["spec"]["containers"][0]
    period, failures = proxy["readinessPeriodSeconds"], proxy["readinessFailureThreshold"]
    probe = gateway.get("readinessProbe", {"periodSeconds": period, "failureThreshold": failures})
    assert probe["periodSeconds"] <= 3
    assert probe["periodSeconds"] * probe["failureThreshold"] == 60
    injector = charts.only(items, "ConfigMap", "istio-sidecar-injector")
    assert ".Values.global.proxy.readinessPeriodSeconds" in injector["data"]["config"]


@each_version
def test_gateways_carry_exactly_the_settings_numbers_and_the_roles_labels(version):
    gateways = small(version).of_kind(Kind.GATEWAY)
    assert [release.name for release in gateways] == [INGRESS, EGRESS]
    for release in gateways:
        items, label = charts.render(release), release.name.removeprefix("istio-")
        pod = pod_of(items)
        assert pod["spec"]["containers"][0]["resources"] == PROFILE
        assert charts.only(items, "Deployment")["spec"]["replicas"] == 1
        assert (pod["spec"]["nodeSelector"], pod["metadata"]["labels"]["istio"]) == (ARM64, label)
        assert LOW_PORTS in pod["spec"]["securityContext"]["sysctls"]
        assert charts.only(items, "Service")["spec"]["selector"] == {"app": release.name, "istio": label}
        assert "ServiceAccount" in kinds(items)
        assert kinds(items) & {"HorizontalPodAutoscaler", "Role"} == set()


@each_version
def test_helm_refuses_exactly_the_gateway_charts_that_get_another(version):
    own = replace(small(version).of_kind(Kind.GATEWAY)[0], version=version, typed={})
    try:
        charts.template(own)
        refused = False
    except AssertionError as error:
        refused = "additional properties" in str(error)
    assert refused == (gateway_chart(version) != version)


@each_version
@pytest.mark.parametrize(("istiod", "gateway"), [({"pilotReplicas": 2}, TWO), (AUTOSCALED,) * 2], ids=["two", "scaled"])
def test_several_pods_are_kept_apart_and_not_evicted_all_at_once(version, istiod, gateway):
    mesh, bounds, targets = mesh_of(version, istiod, ingress=gateway), [], []
    if istiod is AUTOSCALED:
        bounds, targets = [(2, 3)], [70]
    for items in (charts.render(mesh.the(Kind.ISTIOD)), charts.render(mesh.of_kind(Kind.GATEWAY)[0])):
        (spread,) = pod_of(items)["spec"]["topologySpreadConstraints"]
        assert spread["labelSelector"]["matchLabels"].items() <= pod_of(items)["metadata"]["labels"].items()
        assert spread["whenUnsatisfiable"] == "ScheduleAnyway"
        assert charts.only(items, "PodDisruptionBudget")["spec"]["minAvailable"] == 1
        scalers = [item["spec"] for item in items if item["kind"] == "HorizontalPodAutoscaler"]
        assert [(scaler["minReplicas"], scaler["maxReplicas"]) for scaler in scalers] == bounds
        assert [scaler["metrics"][0]["resource"]["target"]["averageUtilization"] for scaler in scalers] == targets


SCHEDULING = {
    "tolerations": [{"key": "board", "value": "spare", "effect": "NoSchedule"}],
    "nodeAffinity": [{"key": "disk", "values": ["ssd"]}, {"key": "fan", "operator": "Exists", "required": False}],
    "priorityClass": "system-cluster-critical",
}
EVICTS = {"unhealthyPodEvictionPolicy": "AlwaysAllow"}
SPARE = {"key": "board", "operator": "Equal", "value": "spare", "effect": "NoSchedule"}


@each_version
def test_the_pods_of_istiod_and_a_gateway_are_scheduled_as_the_settings_say(version):
    of_istiod = SCHEDULING | (EVICTS if facts_of(version).minor >= 27 else {})
    istiod, ingress = {"pilotReplicas": 2, "scheduling": of_istiod}, {**TWO, "scheduling": SCHEDULING | EVICTS}
    mesh = mesh_of(version, istiod, ingress=ingress, cluster={"unreachableSeconds": 60})
    for release, own in ((mesh.the(Kind.ISTIOD), of_istiod), (mesh.of_kind(Kind.GATEWAY)[0], EVICTS)):
        items = charts.render(release)
        spec = pod_of(items)["spec"]
        nodes = spec["affinity"]["nodeAffinity"]
        (required,) = nodes["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        (preferred,) = nodes["preferredDuringSchedulingIgnoredDuringExecution"]
        assert required["matchExpressions"] == [{"key": "disk", "operator": "In", "values": ["ssd"]}]
        assert preferred["preference"]["matchExpressions"] == [{"key": "fan", "operator": "Exists"}]
        assert spec["priorityClassName"] == "system-cluster-critical"
        assert SPARE in spec["tolerations"]
        waits = {entry["key"]: entry.get("tolerationSeconds") for entry in spec["tolerations"]}
        assert [waits[f"node.kubernetes.io/{taint}"] for taint in ("not-ready", "unreachable")] == [60, 60]
        budget = charts.only(items, "PodDisruptionBudget")["spec"]
        assert budget.get("unhealthyPodEvictionPolicy") == own.get("unhealthyPodEvictionPolicy")
        assert budget["minAvailable"] == 1


@each_version
def test_settings_of_images_and_proxies_reach_istiod_and_every_proxy(version):
    mesh = mesh_of(version, images=IMAGES, proxy={"traceSampling": 0, "pathNormalization": "BASE"})
    items = charts.render(mesh.the(Kind.ISTIOD))
    (container,) = pod_of(items)["spec"]["containers"]
    assert container["image"] == f"docker.io/istio/pilot:{version}@{DIGEST}"
    assert [entry["value"] for entry in container["env"] if entry["name"] == "PILOT_TRACE_SAMPLING"] == ["0"]
    assert mesh_config(items)["pathNormalization"] == {"normalization": "BASE"}
    assert charts.only(items, "ServiceAccount", "istiod")["imagePullSecrets"] == MIRROR
    values = charts.only(items, "ConfigMap", "istio-sidecar-injector")["data"]["values"]
    assert '"mirror"' in values
    assert values.count(f"docker.io/istio/proxyv2:{version}@{DIGEST}") == 2
    for release in mesh.of_kind(Kind.GATEWAY):
        assert pod_of(charts.render(release))["spec"]["imagePullSecrets"] == MIRROR


@each_version
@pytest.mark.parametrize("by", ["field", "MetalLB"])
def test_every_chart_renders_the_whole_service_of_a_gateway_its_drain_and_its_right_to_certificates(version, by):
    asked = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "address": "192.0.2.1", "addressBy": by}
    asked |= {"sourceRanges": ["192.0.2.0/24"], "nodePorts": {"tcp-9000": 30900}}
    if facts_of(gateway_chart(version)).gateways_have_a_class:
        asked["loadBalancerClass"] = "metallb.io/metallb"
    listeners = {"feed": {"protocol": "TCP", "port": 9000}, "web": {"tls": {"secret": "certificate"}}}
    ingress = {"service": asked, "drainSeconds": 40}
    mesh = mesh_of(version, ingress=ingress, traffic={"gateways": listeners})
    items, egress = (charts.render(release) for release in mesh.of_kind(Kind.GATEWAY))
    service, pod = charts.only(items, "Service"), pod_of(items)
    assert {port["name"]: port.get("nodePort") for port in service["spec"]["ports"]}["tcp-9000"] == 30900
    assert service["spec"]["externalTrafficPolicy"] == "Local"
    assert service["spec"]["loadBalancerSourceRanges"] == ["192.0.2.0/24"]
    assert service["spec"].get("loadBalancerClass") == asked.get("loadBalancerClass")
    annotation = service["metadata"].get("annotations", {}).get("metallb.io/loadBalancerIPs")
    assert {"field": service["spec"].get("loadBalancerIP"), "MetalLB": annotation}[by] == "192.0.2.1"
    assert pod["metadata"]["annotations"]["proxy.istio.io/config"] == "terminationDrainDuration: 40s"
    assert pod["metadata"]["annotations"]["inject.istio.io/templates"] == "gateway"
    assert pod["spec"]["terminationGracePeriodSeconds"] == 50
    assert ("Role" in kinds(items), "Role" in kinds(egress)) == (True, False)


@pytest.fixture(params=charts.each())
def revised(request) -> Inventory:
    """Return a mesh with a second control plane, a tag of it, and an ingress gateway that follows it."""
    canary = {"version": request.param, "revision": "next"}
    istio = {"canary": canary, "tags": {"stable": "next"}}
    return mesh_of(request.param, istio, ingress={"revision": "next"})


def _named(items: Objects) -> set[tuple[str, str]]:
    return {(item["kind"], item["metadata"]["name"]) for item in items}


def test_the_charts_call_the_second_istiod_as_the_inventory_does_and_share_no_object(revised):
    (workload,) = revised.the(Kind.CANARY).workloads
    first, second = (charts.render(revised.the(kind)) for kind in (Kind.ISTIOD, Kind.CANARY))
    assert charts.only(second, "Deployment")["metadata"]["name"] == workload.name == "istiod-next"
    assert workload.has_pod("istio-system", pod_of(second)["metadata"]["labels"])
    # Helm lets one release have an object.
    assert _named(first) & _named(second) == set()


def test_a_gateway_asks_for_its_revision(revised):
    labels = [pod_of(charts.render(release))["metadata"]["labels"] for release in revised.of_kind(Kind.GATEWAY)]
    assert [pod.get("istio.io/rev") for pod in labels] == ["next", None]


def test_the_webhooks_of_a_tag_are_those_of_the_charts_own(revised):
    (ours,) = revised.objects_of("revision-tag")
    second: Release = revised.the(Kind.CANARY)
    tagged = replace(second, typed=helm_values.merge(second.typed, {"revisionTags": ["stable"]}))
    (theirs,) = (item for item in charts.render(tagged) if item["metadata"]["name"] == ours.name)
    assert ours.manifest["webhooks"] == theirs["webhooks"]
