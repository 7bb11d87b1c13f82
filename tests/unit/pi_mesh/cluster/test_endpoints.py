"""The endpoints of a Service's port."""

import pytest

from pi_mesh.cluster import endpoints
from pi_mesh.cluster.endpoints import Endpoint, ServicePort
from tests.support.fake_client import FakeClient

SLICES = "/apis/discovery.k8s.io/v1/namespaces/trading/endpointslices"
POD = {"kind": "Pod", "name": "app-0"}


def port(**entry: object) -> ServicePort:
    (found,) = endpoints.ports({"spec": {"ports": [{"port": 80, **entry}]}})
    return found


@pytest.mark.parametrize(
    ("entry", "protocol", "is_http"),
    [
        ({}, "", True),
        ({"name": "http"}, "http", True),
        ({"name": "http-web"}, "http", True),
        ({"name": "tcp-feed"}, "tcp", False),
        ({"name": "web", "appProtocol": "TCP"}, "tcp", False),
        ({"name": "https"}, "https", False),
    ],
    ids=str,
)
def test_a_ports_protocol_is_that_of_the_field_or_the_name(entry, protocol, is_http):
    assert (port(**entry).protocol, port(**entry).is_http) == (protocol, is_http)


def test_ports_of_other_transports_are_left_out():
    assert endpoints.ports({"spec": {"ports": [{"port": 53, "protocol": "UDP"}]}}) == ()


def test_each_endpoint_has_the_pods_own_port_and_its_readiness():
    entries = [
        {"addresses": ["10.0.0.2"], "targetRef": POD},
        {"addresses": ["10.0.0.3"], "conditions": {"ready": False}, "targetRef": POD},
        {"addresses": ["192.0.2.1"], "conditions": {"ready": True}, "targetRef": {"kind": "Node", "name": "pi-1"}},
    ]
    ports = [{"name": "http", "port": 8080}, {"name": "metrics", "port": 9000}]
    client = FakeClient({SLICES: {"items": [{"ports": ports, "endpoints": entries}, {"ports": None}]}})
    found = endpoints.read(client, "trading", "app", ServicePort(80, "http"))
    assert found == (
        Endpoint("10.0.0.2", 8080, True, "app-0"),
        Endpoint("10.0.0.3", 8080, False, "app-0"),
        Endpoint("192.0.2.1", 8080, True, ""),
    )


def test_a_slice_without_numbers_has_the_services_own_port():
    item = {"ports": [{"name": ""}], "endpoints": [{"addresses": ["192.0.2.1"]}]}
    client = FakeClient({SLICES: {"items": [item]}})
    assert endpoints.read(client, "trading", "app", ServicePort(80)) == (Endpoint("192.0.2.1", 80),)
