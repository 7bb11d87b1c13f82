"""The Helm values of the gateways: their chart, drains, clients' addresses, Service and rights."""

import pytest

from lab.toolchain import istio_modules
from pi_mesh import inventory
from pi_mesh.catalog.istio import MINORS, facts_of, gateway_chart
from pi_mesh.inventory import Kind, Release
from pi_mesh.names import VERSION_ANNOTATION
from pi_mesh.values.gateway_service import ADDRESS_ANNOTATIONS
from tests.support.factories import make_settings
from tests.support.findings import case, table
from tests.support.versions import SHIPPED

BROKEN = [f"1.{row.minor}.{patch}" for row in MINORS.values() for patch in row.broken_gateway_patches[:7]]
BY_ANNOTATION = [(by, "annotations", {name: "192.0.2.1"}) for by, name in ADDRESS_ANNOTATIONS.items()]


def gateways(version: str = SHIPPED, balanced: bool = True, traffic: dict | None = None, **ingress) -> list[Release]:
    """Return the releases of the ingress and of the egress gateway."""
    settings = make_settings(istio={"version": version}, ingress=ingress, traffic=traffic or {})
    mesh = inventory.mesh_inventory(settings, load_balancers=("ingress",) if balanced else ())
    return [*mesh.of_kind(Kind.GATEWAY)]


def values(**settings) -> dict:
    """Return the ingress gateway's Helm values."""
    return gateways(**settings)[0].values  # pyright: ignore[reportReturnType]


@pytest.mark.parametrize("version", BROKEN)
def test_a_broken_gateway_chart_is_replaced_by_one_that_is_sound_and_pinned_by_the_lab(version):
    release, _ = gateways(version)
    assert (release.image_version, gateway_chart(release.version)) == (version, release.version)
    assert release.version in istio_modules.VERSIONS


@pytest.mark.parametrize("version", [f"1.{minor}.9" for minor in MINORS])
def test_the_gateways_restart_with_every_version_whichever_chart_they_have(version):
    release, _ = gateways(version)
    carries = facts_of(release.version).gateways_carry_their_version and release.version == version
    assert release.values["podAnnotations"].get(VERSION_ANNOTATION) == (None if carries else version)
    assert ("readinessProbe" in release.values) == facts_of(release.version).gateways_choose_their_probe


FEED = {"gateways": {"feed": {"protocol": "TCP", "port": 9000}}}
WEB = {"gateways": {"web": {"tls": {"secret": "certificate"}}}}
OPEN = [{"name": "http", "port": 80}, {"name": "own", "port": 9000}]


@pytest.mark.parametrize(("tls", "rights"), [({"secret": "broker-client"}, None), ({"mode": "SIMPLE"}, False)])
def test_the_egress_gateway_may_read_secrets_only_where_it_shows_a_client_certificate(tls, rights):
    broker = {"hosts": ["api.broker.example"], "protocol": "HTTP", "throughGateway": True, "tls": tls}
    ingress, egress = gateways(traffic={"external": {"broker": broker}})
    assert ingress.values["rbac"] == {"enabled": False}
    assert egress.values.get("rbac", {}).get("enabled") is rights


def test_ports_among_the_extra_values_take_the_place_of_those_of_the_listeners():
    assert values(traffic=FEED, values={"service": {"ports": OPEN}})["service"]["ports"] == OPEN


@pytest.mark.parametrize(("by", "key", "value"), [("field", "loadBalancerIP", "192.0.2.1"), *BY_ANNOTATION])
def test_an_address_is_asked_for_in_the_providers_way(by, key, value):
    assert values(service={"address": "192.0.2.1", "addressBy": by})["service"][key] == value


LOCAL = {"address": "192.0.2.1", "sourceRanges": ["192.0.2.0/24"], "externalTrafficPolicy": "Local"}
AT_NODES = {"type": "NodePort", "externalTrafficPolicy": "Local"}


@table(
    case("the chart keeps its own list of ports", {"traffic": WEB}, {"type": "LoadBalancer"}),
    case("a node port gets nothing that it may not have", {"balanced": False, "service": LOCAL}, AT_NODES),
)
def test_a_service_is_a_load_balancer_only_where_there_are_any(settings, service):
    assert values(**settings)["service"] == service
