"""The Gateway objects of listeners of each protocol."""

import pytest

from pi_mesh.values.traffic import stages
from tests.support import charts, crds
from tests.support.factories import make_settings

CERTIFICATE = {"secret": "certificate"}
ENDED = {"mode": "SIMPLE", "credentialName": "certificate"}
LISTENERS = {
    "grpc": ({"protocol": "GRPC", "port": 50051}, [("GRPC", 50051, None)]),
    "https alone": ({"protocol": "HTTPS", "tls": CERTIFICATE}, [("HTTPS", 443, ENDED)]),
    "https beside http": ({"tls": CERTIFICATE}, [("HTTP", 80, None), ("HTTPS", 443, ENDED)]),
    "tcp": ({"protocol": "TCP", "port": 9000}, [("TCP", 9000, None)]),
    "tls that is passed on": ({"protocol": "TLS", "hosts": ["a.example"]}, [("TLS", 443, {"mode": "PASSTHROUGH"})]),
    "tls that ends": ({"protocol": "TLS", "port": 8883, "tls": CERTIFICATE}, [("TLS", 8883, ENDED)]),
    "redirect": (
        {"tls": {**CERTIFICATE, "redirect": True}},
        [("HTTP", 80, {"httpsRedirect": True}), ("HTTPS", 443, ENDED)],
    ),
}


@pytest.mark.parametrize("case", LISTENERS)
def test_a_gateway_has_a_server_for_each_port(case):
    listener, expected = LISTENERS[case]
    (gateway,), _ = stages(make_settings(traffic={"gateways": {"g": listener}}))
    servers = [(one["port"]["protocol"], one["port"]["number"], one.get("tls")) for one in gateway["spec"]["servers"]]
    assert servers == expected


@pytest.mark.parametrize("version", charts.each())
@pytest.mark.parametrize("case", LISTENERS)
def test_every_version_knows_the_fields(case, version):
    listener, _ = LISTENERS[case]
    (gateway,), _ = stages(make_settings(traffic={"gateways": {"g": listener}}))
    assert crds.problems(gateway, version) == []
