"""The targets of the calls."""

import pytest

from operations.connectivity.targets import SERVER, ingress, ingress_port, peer
from tests.support.factories import make_settings

HTTPS = {"protocol": "HTTPS", "port": 80, "hosts": ["shop.example"], "tls": {"secret": "shop"}}
LISTED = {"allowAddresses": ["192.0.2.0/24"]}


@pytest.mark.parametrize(
    ("settings", "port"),
    [
        ({}, 80),
        ({"traffic": {"gateways": {"web": {"port": 8080}}}}, 8080),
        ({"traffic": {"gateways": {"office": LISTED, "web": {"port": 8080}}}}, 8080),
        ({"traffic": {"gateways": {"feed": {"protocol": "TCP", "port": 9000}}}}, 80),
    ],
    ids=str,
)
def test_the_ingress_gateway_is_called_on_a_port_on_which_it_speaks_http_to_everybody(settings, port):
    assert ingress_port(make_settings(**settings)) == (port, "")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"ingress": {"enabled": False}}, "ingress.enabled is false"),
        ({"ingress": {"proxyProtocol": True}}, "the PROXY protocol's header"),
        ({"traffic": {"gateways": {"office": LISTED}}}, "allowAddresses"),
        ({"traffic": {"gateways": {"shop": HTTPS}}}, "no port with plain HTTP"),
        ({"ingress": {"values": {"service": {"ports": [{"port": 443}]}}}}, "no port with plain HTTP"),
    ],
    ids=str,
)
def test_without_such_a_port_the_reason_is_told(settings, reason):
    port, said = ingress_port(make_settings(**settings))
    assert (port, reason in said) == (0, True)


def test_the_gateway_is_called_as_from_outside_and_a_pod_by_its_service():
    assert ingress("10.96.0.9", 80).past_the_sidecar
    assert not peer(SERVER).past_the_sidecar
    assert peer(SERVER).address == "server.pi-mesh-connectivity.svc.cluster.local"
