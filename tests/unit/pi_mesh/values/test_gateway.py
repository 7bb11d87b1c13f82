"""The gateways during a drain: one of several pods stays up; one of a single pod must not block the drain."""

import pytest
import yaml

from lab.toolchain import istio_modules
from pi_mesh import inventory
from pi_mesh.catalog.istio import MINORS, facts_of, gateway_chart
from pi_mesh.inventory import Kind, Release
from pi_mesh.names import EGRESS, INGRESS, VERSION_ANNOTATION
from tests.support import charts
from tests.support.factories import make_settings


def planned(version: str, **settings: object) -> Release:
    """Return the ingress gateway's release."""
    made = inventory.mesh_inventory(make_settings(istio={"version": version}, ingress=settings))
    return next(one for one in made.releases if one.name == INGRESS)


def ingress(**settings: object) -> dict:
    """Return the ingress gateway's Helm values."""
    return planned("1.20.3", **settings).values


BROKEN = [f"1.{row.minor}.{patch}" for row in MINORS.values() for patch in (*row.broken_gateway_patches[:7],)]


@pytest.mark.parametrize("version", BROKEN)
def test_a_broken_gateway_chart_is_replaced_by_one_that_is_sound_and_pinned_by_the_lab(version):
    release = planned(version)
    assert (release.image_version, gateway_chart(release.version)) == (version, release.version)
    assert release.version in istio_modules.VERSIONS


@pytest.mark.parametrize("version", [f"1.{minor}.9" for minor in MINORS])
def test_the_gateways_restart_with_every_version_whichever_chart_they_have(version):
    release = planned(version)
    carries = facts_of(release.version).gateways_carry_their_version and release.version == version
    assert release.values["podAnnotations"].get(VERSION_ANNOTATION) == (None if carries else version)
    assert ("readinessProbe" in release.values) == facts_of(release.version).gateways_choose_their_probe


@pytest.mark.parametrize(
    "settings",
    [{"replicas": 2}, {"autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 3}}],
    ids=["replicas", "autoscaling"],
)
def test_several_pods_are_apart_and_not_evicted_all_at_once(settings):
    values = ingress(**settings)
    assert values["podDisruptionBudget"] == {"minAvailable": 1}
    (spread,) = values["topologySpreadConstraints"]
    assert spread["topologyKey"] == "kubernetes.io/hostname"
    assert spread["labelSelector"] == {"matchLabels": {"istio": "ingressgateway"}}


@pytest.mark.parametrize("version", charts.each())
def test_a_stopping_gateway_serves_on_as_long_as_wanted_before_it_is_killed(version):
    pod = charts.only(charts.render(planned(version, drainSeconds=40)), "Deployment")["spec"]["template"]
    assert pod["metadata"]["annotations"]["proxy.istio.io/config"] == "terminationDrainDuration: 40s"
    assert pod["metadata"]["annotations"]["inject.istio.io/templates"] == "gateway"
    assert pod["spec"]["terminationGracePeriodSeconds"] == 50


@pytest.mark.parametrize(
    ("settings", "topology"),
    [
        ({}, None),
        ({"trustedProxies": 2}, {"numTrustedProxies": 2}),
        ({"proxyProtocol": True}, {"proxyProtocol": {}}),
        ({"trustedProxies": 1, "proxyProtocol": True}, {"numTrustedProxies": 1, "proxyProtocol": {}}),
    ],
    ids=str,
)
def test_the_gateway_takes_its_clients_addresses_from_what_stands_before_it(settings, topology):
    config = yaml.safe_load(ingress(**settings)["podAnnotations"]["proxy.istio.io/config"])
    assert config == {"terminationDrainDuration": "20s", **({"gatewayTopology": topology} if topology else {})}


def test_a_single_pod_blocks_no_drain():
    assert "podDisruptionBudget" not in ingress()
    assert "podDisruptionBudget" not in ingress(replicas=3, autoscaling={"enabled": True, "minReplicas": 1})


@pytest.mark.parametrize("version", charts.each())
def test_the_charts_make_a_disruption_budget_of_it(version):
    items = charts.render(planned(version, replicas=2))
    pod = charts.only(items, "Deployment")["spec"]["template"]
    (spread,) = pod["spec"]["topologySpreadConstraints"]
    assert charts.only(items, "PodDisruptionBudget")["spec"]["minAvailable"] == 1
    assert spread["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()


@pytest.mark.parametrize("name", [INGRESS, EGRESS])
def test_a_gateway_without_certificates_of_its_own_may_read_no_secrets(name):
    gateway = next(one for one in inventory.mesh_inventory(make_settings()).releases if one.name == name)
    assert gateway.values.get("rbac") == {"enabled": False}


@pytest.mark.parametrize(("name", "rights"), [(INGRESS, None), (EGRESS, {"enabled": False})])
def test_with_tls_the_ingress_gateway_alone_reads_its_certificates(name, rights):
    settings = make_settings(traffic={"gateways": {"web": {"tls": {"secret": "certificate"}}}})
    gateway = next(one for one in inventory.mesh_inventory(settings).releases if one.name == name)
    assert gateway.values.get("rbac") == rights


@pytest.mark.parametrize("version", charts.each())
@pytest.mark.parametrize("tls", [None, {"secret": "certificate"}], ids=["plain", "tls"])
def test_the_charts_make_a_role_only_for_certificates(version, tls):
    settings = make_settings(istio={"version": version}, traffic={"gateways": {"web": {"tls": tls}}})
    rendered = {one.name: charts.render(one) for one in inventory.mesh_inventory(settings).of_kind(Kind.GATEWAY)}
    with_a_role = {name for name, items in rendered.items() if any(item["kind"] == "Role" for item in items)}
    assert with_a_role == ({INGRESS} if tls else set())
    assert all("ServiceAccount" in {item["kind"] for item in items} for items in rendered.values())
