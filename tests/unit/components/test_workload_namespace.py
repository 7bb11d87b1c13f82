"""The components of further namespaces beside trading's."""

import pytest

from components import mesh
from tests.support.factories import make_settings
from tests.support.recorder import record
from tests.support.recording import Recording

COMPONENT = "pi-mesh:trading:TradingNamespace"


@pytest.fixture
def deployed(monkeypatch):
    def run(**settings: object) -> Recording:
        monkeypatch.setattr(mesh, "guard", lambda *_: None)
        return record(lambda: mesh.deploy(make_settings(**settings)))

    return run


def test_a_further_namespace_is_a_component_of_trading_s_type_and_leaves_trading_its_name(deployed):
    found = deployed(namespaces={"research": {}}).of_type(COMPONENT)
    assert {one.name for one in found} == {"trading", "namespaces.research"}


def test_a_further_namespace_has_bounds_of_its_own_with_names_of_their_own(deployed):
    recording = deployed(namespaces={"research": {"workloads": 3}})
    quota = recording.one("namespaces.research-resourcequota-workloads")
    assert (quota.props["metadata"]["namespace"], quota.props["spec"]["hard"]["pods"]) == ("research", "3")
    assert quota.parent == "namespaces.research"
    assert recording.one("trading-resourcequota-workloads").props["spec"]["hard"]["pods"] == "30"


def test_a_namespace_with_everything_off_is_the_namespace_alone(deployed):
    off = {"injection": False, "bounds": {"quota": False, "limitRange": False, "sidecar": False}}
    recording = deployed(namespaces={"batch": off})
    made = [one for one in recording.resources if one.parent == "namespaces.batch"]
    assert [one.name for one in made] == ["namespaces.batch-namespace"]
    assert made[0].props["metadata"]["labels"] == {"istio-injection": "disabled"}


def test_the_traffic_of_a_further_namespace_comes_after_it_and_its_default_deny_last(deployed):
    recording = deployed(namespaces={"research": {"defaultDeny": {"enabled": True}}})
    deny = recording.one("traffic.research-authorizationpolicy-default-deny")
    assert "traffic.research-authorizationpolicy-allow-namespaces" in deny.dependencies
    assert "namespaces.research-namespace" in deny.dependencies | recording.one("traffic.research").dependencies


def test_both_namespaces_may_have_a_default_deny(deployed):
    deny = {"enabled": True}
    recording = deployed(
        namespaces={"research": {"defaultDeny": deny}}, traffic={"authorization": {"defaultDeny": deny}}
    )
    assert recording.one("traffic-authorizationpolicy-default-deny").props["metadata"]["namespace"] == "trading"
