"""The objects of the calls under other settings; tests/support/whole_trials.yaml has those of the defaults."""

from typing import Any

import pytest

from operations.connectivity import objects
from operations.connectivity.objects import OUTSIDE
from tests.support.factories import make_settings

HTTPS = {"protocol": "HTTPS", "port": 80, "hosts": ["shop.example"], "tls": {"secret": "shop"}}
LISTED, WEB = {"allowAddresses": ["192.0.2.0/24"]}, {"port": 8080}
NO_PORT = "no port with plain HTTP"


@pytest.mark.parametrize(("settings", "port", "reason"), [
    ({}, 80, ""),
    ({"traffic": {"gateways": {"web": WEB}}}, 8080, ""),
    ({"traffic": {"gateways": {"office": LISTED, "web": WEB}}}, 8080, ""),
    ({"traffic": {"gateways": {"feed": {"protocol": "TCP", "port": 9000}}}}, 80, ""),
    ({"ingress": {"enabled": False}}, 0, "ingress.enabled is false"),
    ({"ingress": {"proxyProtocol": True}}, 0, "the PROXY protocol's header"),
    ({"traffic": {"gateways": {"office": LISTED}}}, 0, "allowAddresses"),
    ({"traffic": {"gateways": {"shop": HTTPS}}}, 0, NO_PORT),
    ({"ingress": {"values": {"service": {"ports": [{"port": 443}]}}}}, 0, NO_PORT),
])  # fmt: skip
def test_the_ingress_gateway_is_called_on_a_port_on_which_it_speaks_http_to_everybody(settings, port, reason):
    number, said = objects.plain_http_port(make_settings(**settings))
    assert (number, reason in said, bool(said)) == (port, True, bool(reason))


def made(port: int = 80, **overrides: object) -> dict[str, dict[str, Any]]:
    """Return the objects before the pods and beyond the server, by kind and name."""
    settings = make_settings(**overrides)
    every = [*objects.before_the_pods(settings, port), *objects.beyond_the_server(settings, "10.0.0.2")]
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in every}


@pytest.mark.parametrize(("port", "names"), [(8080, {"Gateway/ingress", "VirtualService/ingress"}), (0, set())])
def test_the_ingress_gateway_gets_one_more_host_on_the_port_that_it_has(port, names):
    there = made(port)
    assert {name for name in there if name.endswith("/ingress")} == names
    assert [there[name]["spec"]["servers"][0]["port"]["number"] for name in names if "Gateway" in name] == [8080][:port]


def test_without_an_egress_gateway_the_way_out_is_direct():
    there = made(egress={"enabled": False})
    assert (f"ServiceEntry/{OUTSIDE}" in there, "VirtualService/egress" in there) == (True, False)


def test_a_gateway_of_another_namespace_may_call_and_learns_of_the_routes():
    every = made(ingress={"namespace": "edge"})
    _, gateway = every["AuthorizationPolicy/callers"]["spec"]["rules"]
    assert gateway["from"][0]["source"] == {"namespaces": ["edge"]}
    for name in ("VirtualService/ingress", "VirtualService/egress", f"ServiceEntry/{OUTSIDE}"):
        assert every[name]["spec"]["exportTo"] == [".", "istio-system", "edge"]
    notes = every["Service/server"]["metadata"]["annotations"]
    assert notes == {"networking.istio.io/exportTo": ".,istio-system,edge"}
