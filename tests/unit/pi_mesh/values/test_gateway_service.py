"""The Service of a gateway, as the charts render it."""

import pytest

from pi_mesh import inventory
from pi_mesh.catalog.istio import facts_of, gateway_chart
from pi_mesh.inventory import Kind
from pi_mesh.values.gateway_service import ADDRESS_ANNOTATIONS
from tests.support import charts
from tests.support.factories import make_settings

FEED = {"gateways": {"feed": {"protocol": "TCP", "port": 9000}}}
OPEN = {"service": {"ports": [{"name": "http", "port": 80}, {"name": "own", "port": 9000}]}}


def values(version: str = "1.20.3", balanced: bool = True, traffic: dict | None = None, **ingress: object) -> dict:
    """Return the value `service` of the ingress gateway's chart."""
    settings = make_settings(istio={"version": version}, ingress=ingress, traffic=traffic or {})
    return (
        inventory.mesh_inventory(settings, load_balancers=("ingress",) if balanced else ())
        .of_kind(Kind.GATEWAY)[0]
        .values["service"]
    )  # pyright: ignore[reportReturnType]


def test_without_listeners_of_other_ports_the_chart_keeps_its_own_list():
    web = {"gateways": {"web": {"tls": {"secret": "certificate"}}}}
    assert values(traffic=web) == values() == {"type": "LoadBalancer"}


def test_the_ports_of_the_listeners_follow_the_charts_own():
    ports = values(traffic=FEED)["ports"]
    assert [(port["name"], port["port"], port["targetPort"]) for port in ports] == [
        ("status-port", 15021, 15021), ("http2", 80, 80), ("https", 443, 443), ("tcp-9000", 9000, 9000)
    ]  # fmt: skip


def test_the_egress_gateway_has_no_port_of_a_listener():
    settings = make_settings(traffic=FEED)
    assert inventory.mesh_inventory(settings).of_kind(Kind.GATEWAY)[1].values["service"] == {"type": "ClusterIP"}


def test_a_list_of_the_extra_values_stays_as_it_is():
    assert values(traffic=FEED, values=OPEN)["ports"] == OPEN["service"]["ports"]


@pytest.mark.parametrize(
    ("by", "key", "value"),
    [("field", "loadBalancerIP", "192.0.2.1")]
    + [(by, "annotations", {name: "192.0.2.1"}) for by, name in ADDRESS_ANNOTATIONS.items()],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_address_is_asked_for_in_the_providers_way(by, key, value):
    assert values(service={"address": "192.0.2.1", "addressBy": by})[key] == value


def test_a_node_port_service_gets_nothing_that_kubernetes_refuses_there():
    service = {"address": "192.0.2.1", "sourceRanges": ["192.0.2.0/24"], "externalTrafficPolicy": "Local"}
    assert values(balanced=False, service=service) == {"type": "NodePort", "externalTrafficPolicy": "Local"}


@pytest.mark.parametrize("version", charts.each())
def test_every_chart_renders_the_whole_service(version):
    wanted = {
        "type": "LoadBalancer",
        "externalTrafficPolicy": "Local",
        "address": "192.0.2.1",
        "sourceRanges": ["192.0.2.0/24"],
        "nodePorts": {"tcp-9000": 30900},
    }
    if facts_of(gateway_chart(version)).gateways_have_a_class:
        wanted["loadBalancerClass"] = "metallb.io/metallb"
    settings = make_settings(istio={"version": version}, ingress={"service": wanted}, traffic=FEED)
    spec = charts.only(charts.render(inventory.mesh_inventory(settings).of_kind(Kind.GATEWAY)[0]), "Service")["spec"]
    assert {port["name"]: port.get("nodePort") for port in spec["ports"]}["tcp-9000"] == 30900
    assert (spec["loadBalancerIP"], spec["externalTrafficPolicy"]) == ("192.0.2.1", "Local")
    assert spec["loadBalancerSourceRanges"] == ["192.0.2.0/24"]
    assert spec.get("loadBalancerClass") == wanted.get("loadBalancerClass")


@pytest.mark.parametrize("version", charts.each())
def test_every_chart_renders_the_annotation_of_an_address(version):
    service = {"type": "LoadBalancer", "address": "192.0.2.1", "addressBy": "MetalLB"}
    settings = make_settings(istio={"version": version}, ingress={"service": service})
    meta = charts.only(charts.render(inventory.mesh_inventory(settings).of_kind(Kind.GATEWAY)[0]), "Service")[
        "metadata"
    ]
    assert meta["annotations"]["metallb.io/loadBalancerIPs"] == "192.0.2.1"


@pytest.mark.parametrize("version", charts.each())
def test_every_charts_pod_may_listen_on_low_ports_without_being_root(version):
    release = inventory.mesh_inventory(make_settings(istio={"version": version})).of_kind(Kind.GATEWAY)[0]
    pod = charts.only(charts.render(release), "Deployment")["spec"]["template"]["spec"]
    assert {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"} in pod["securityContext"]["sysctls"]
