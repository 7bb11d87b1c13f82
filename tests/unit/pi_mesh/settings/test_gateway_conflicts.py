"""The refusal of settings of a gateway's Service that its chart, its listeners or the other gateway rule out."""

import pytest

from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings

FEED = {"gateways": {"feed": {"protocol": "TCP", "port": 9000}}}


def node_ports(**ports: int) -> dict:
    return {
        "service": {"type": "NodePort", "nodePorts": {name.replace("_", "-"): port for name, port in ports.items()}}
    }


def test_a_listeners_port_may_have_a_node_port_of_its_own():
    settings = make_settings(ingress=node_ports(tcp_9000=30900), traffic=FEED)
    assert settings.ingress.service.node_ports == {"tcp-9000": 30900}


@pytest.mark.parametrize("gateway", ["ingress", "egress"])
def test_a_node_port_of_a_port_that_the_service_does_not_have_is_refused(gateway):
    with pytest.raises(SettingsError, match=f"{gateway}.service.nodePorts has tcp-9001; its Service has"):
        make_settings(traffic=FEED, **{gateway: node_ports(tcp_9001=30900)})


def test_the_egress_gateway_has_no_ports_of_listeners():
    with pytest.raises(SettingsError, match=r"egress\.service\.nodePorts has tcp-9000"):
        make_settings(traffic=FEED, egress=node_ports(tcp_9000=30900))


@pytest.mark.parametrize("version", ["1.20.3", "1.25.5"])
def test_a_class_is_refused_where_the_chart_would_ignore_it(version):
    service = {"service": {"loadBalancerClass": "metallb.io/metallb"}}
    with pytest.raises(SettingsError, match=r"loadBalancerClass needs Istio 1\.26 or newer"):
        make_settings(istio={"version": version}, ingress=service)
    assert make_settings(istio={"version": "1.26.0"}, ingress=service)


def test_the_node_ports_of_a_gateway_that_is_switched_off_are_not_compared():
    one = node_ports(http2=30080)
    with pytest.raises(SettingsError, match="both have 30080"):
        make_settings(ingress=one, egress=one)
    assert make_settings(ingress=one, egress={**one, "enabled": False})
