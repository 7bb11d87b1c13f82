"""The objects of the trading namespace as the engine gets them."""

import pytest

from components import mesh
from components.traffic import Traffic, TrafficArgs
from tests.support.factories import make_mesh, make_settings
from tests.support.recorder import record


@pytest.fixture
def recorded():
    def run(**traffic: object):
        args = TrafficArgs(make_mesh(traffic=traffic).objects_of("traffic"))
        return record(lambda: Traffic("trading-traffic", args)).resources

    return run


def by_kind(resources) -> dict[str, object]:
    return {f"{one.props.get('kind')}/{one.props.get('metadata', {}).get('name')}": one for one in resources}


def test_each_object_is_a_resource_below_the_component(recorded):
    gateway = by_kind(recorded(gateways={"trading-gateway": {}}))["Gateway/trading-gateway"]
    assert gateway.type == "kubernetes:networking.istio.io/v1beta1:Gateway"
    assert gateway.parent == "trading-traffic"
    assert gateway.name == "trading-traffic-gateway-trading-gateway"
    assert gateway.props["spec"]["servers"][0]["port"] == {"number": 80, "name": "http", "protocol": "HTTP"}


def test_the_default_deny_waits_for_every_policy_that_it_relies_on(recorded):
    found = by_kind(recorded(authorization={"defaultDeny": {"enabled": True}}))
    assert found["AuthorizationPolicy/default-deny"].dependencies == {
        "trading-traffic-authorizationpolicy-allow-ingress-gateway",
        "trading-traffic-authorizationpolicy-allow-namespaces",
    }
    assert found["AuthorizationPolicy/default-deny"].props["spec"] == {}


def test_a_listener_waits_for_its_list_of_addresses(recorded):
    found = by_kind(recorded(gateways={"feed": {"allowAddresses": ["192.0.2.7"]}, "other": {}}))
    assert found["Gateway/feed"].dependencies == {"trading-traffic-authorizationpolicy-feed-addresses"}
    assert found["AuthorizationPolicy/feed-addresses"].dependencies == set()


def test_the_objects_of_the_gateways_namespace_wait_for_it(monkeypatch):
    monkeypatch.setattr(mesh, "guard", lambda *_: None)
    traffic = {"gateways": {"feed": {"allowAddresses": ["192.0.2.7"]}}}
    recording = record(lambda: mesh.deploy(make_settings(traffic=traffic, ingress={"namespace": "edge"})))
    policy = recording.one("traffic-authorizationpolicy-feed-addresses")
    assert policy.props["metadata"]["namespace"] == "edge"
    assert "ingress-namespace" in recording.one("traffic").dependencies | policy.dependencies


def test_without_any_traffic_settings_there_is_nothing_but_the_component(recorded):
    assert [one.name for one in recorded()] == ["trading-traffic"]


def test_the_program_makes_the_objects_after_the_namespace(monkeypatch):
    monkeypatch.setattr(mesh, "guard", lambda *_: None)
    traffic = {"gateways": {"trading-gateway": {}}}
    recording = record(lambda: mesh.deploy(make_settings(traffic=traffic)))
    gateway = recording.one("traffic-gateway-trading-gateway")
    assert gateway.props["metadata"] == {"name": "trading-gateway", "namespace": "trading"}
    assert gateway.provider == "cluster"
    assert {"trading-namespace", "trading-sidecar-default"} <= recording.one(
        "traffic"
    ).dependencies | gateway.dependencies


def test_the_program_makes_no_component_without_traffic_settings(monkeypatch):
    monkeypatch.setattr(mesh, "guard", lambda *_: None)
    recording = record(lambda: mesh.deploy(make_settings()))
    assert recording.of_type("pi-mesh:trading:Traffic") == []
