"""The listeners of the ingress gateway: their ports and protocols, and what contradicts itself."""

import pytest

from pi_mesh.settings import SettingsError
from pi_mesh.settings.traffic.gateways import IngressListener, service_ports
from tests.support.factories import make_settings

CERTIFICATE = {"secret": "certificate"}


def listener(**settings: object) -> IngressListener:
    return make_settings(traffic={"gateways": {"g": settings}}).traffic.gateways["g"]


@pytest.mark.parametrize(
    ("settings", "served"),
    [
        ({}, [("HTTP", 80)]),
        ({"tls": CERTIFICATE}, [("HTTP", 80), ("HTTPS", 443)]),
        ({"protocol": "GRPC", "port": 50051, "tls": {**CERTIFICATE, "port": 8443}}, [("GRPC", 50051), ("HTTPS", 8443)]),
        ({"protocol": "HTTPS", "tls": CERTIFICATE}, [("HTTPS", 443)]),
        ({"protocol": "TLS"}, [("TLS", 443)]),
        ({"protocol": "TLS", "port": 8883, "tls": CERTIFICATE}, [("TLS", 8883)]),
        ({"protocol": "TCP", "port": 9000}, [("TCP", 9000)]),
    ],
    ids=str,
)
def test_a_listener_serves_its_protocol_and_https_beside_plain_http(settings, served):
    assert [(server.protocol, server.number) for server in listener(**settings).servers] == served


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"protocol": "TCP"}, "protocol TCP has no usual port; give port"),
        ({"protocol": "GRPC"}, "protocol GRPC has no usual port; give port"),
        ({"protocol": "HTTPS"}, "protocol HTTPS needs tls"),
        ({"protocol": "TCP", "port": 9000, "tls": CERTIFICATE}, "protocol TCP has no tls"),
        ({"protocol": "TCP", "port": 9000, "hosts": ["a.example"]}, "protocol TCP knows no hosts"),
        ({"protocol": "HTTPS", "tls": {**CERTIFICATE, "redirect": True}}, "tls.port and tls.redirect need plain HTTP"),
        ({"protocol": "TLS", "tls": {**CERTIFICATE, "port": 8443}}, "tls.port and tls.redirect need plain HTTP"),
        ({"port": 443, "tls": CERTIFICATE}, "port and tls.port are both 443"),
        ({"tls": {**CERTIFICATE, "issuer": {"name": "home"}}}, "tls.issuer needs hosts by name"),
        ({"allowAddresses": ["my-laptop"]}, "is neither an IP address nor a range"),
        ({"protocol": "UDP", "port": 53}, "traffic.gateways.g.protocol"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_listener_that_contradicts_itself_is_refused(settings, said):
    with pytest.raises(SettingsError, match=said.replace(".", r"\.")):
        listener(**settings)


def test_the_service_has_the_charts_ports_first_and_one_for_each_further_number():
    listeners = {
        "web": {"tls": CERTIFICATE},
        "feed": {"protocol": "TCP", "port": 9000},
        "api": {"port": 8080},
        "rpc": {"protocol": "GRPC", "port": 8080},
    }
    ports = service_ports(make_settings(traffic={"gateways": listeners}).traffic.gateways.values())
    assert list(ports.items()) == [
        ("status-port", 15021), ("http2", 80), ("https", 443), ("grpc-8080", 8080), ("tcp-9000", 9000)
    ]  # fmt: skip


def test_the_ports_do_not_depend_on_the_order_of_the_listeners():
    listeners = {"a": {"port": 8080}, "b": {"protocol": "GRPC", "port": 8080}, "c": {"protocol": "TCP", "port": 81}}
    both = [
        service_ports(make_settings(traffic={"gateways": dict(entries)}).traffic.gateways.values())
        for entries in (listeners.items(), reversed(listeners.items()))
    ]
    assert list(both[0].items()) == list(both[1].items())
