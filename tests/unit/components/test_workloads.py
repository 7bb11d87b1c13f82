"""The components of further namespaces beside trading's."""

from components.workloads import Traffic
from tests.support.factories import make_mesh
from tests.support.findings import case, table
from tests.support.recorder import record
from tests.support.recording import Registered
from tests.support.versions import NEWEST


def test_a_further_namespace_is_a_component_of_trading_s_type_with_bounds_of_its_own(deployed):
    recording = deployed(namespaces={"research": {"workloads": 3}})
    components = recording.of_type("pi-mesh:trading:TradingNamespace")
    assert {item.name for item in components} == {"trading", "namespaces.research"}
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


def test_the_network_policies_come_after_the_routes_and_the_gateways(deployed):
    feed = {"hosts": ["feed.example"], "throughGateway": True}
    recording = deployed(networkPolicies={"enabled": True}, traffic={"external": {"feed": feed}})
    for name in ("workloads", "gateways", "istiod", "istio-ingressgateway", "istio-egressgateway"):
        after = recording.one(f"traffic-networkpolicy-{name}").dependencies | recording.one("traffic").dependencies
        assert {"traffic-virtualservice-feed-through-egress", "istio-egressgateway-release"} <= after


def recorded(**traffic: object) -> list[Registered]:
    objects = make_mesh(traffic=traffic).objects_of("traffic")

    def registered() -> None:
        traffic = Traffic("trading-traffic", objects)
        traffic.open_listeners([traffic])

    return record(registered).resources


def by_kind(resources) -> dict[str, Registered]:
    return {f"{item.props.get('kind')}/{item.props.get('metadata', {}).get('name')}": item for item in resources}


def test_the_default_deny_waits_for_every_policy_that_it_relies_on():
    deny = by_kind(recorded(authorization={"defaultDeny": {"enabled": True}}))["AuthorizationPolicy/default-deny"]
    allowing = (f"trading-traffic-authorizationpolicy-allow-{name}" for name in ("ingress-gateway", "namespaces"))
    assert deny.dependencies == {*allowing}


def test_a_listener_waits_for_its_list_of_addresses():
    objects = by_kind(recorded(gateways={"feed": {"allowAddresses": ["192.0.2.7"]}, "other": {}}))
    assert objects["Gateway/feed"].dependencies == {"trading-traffic-authorizationpolicy-feed-addresses"}
    assert objects["AuthorizationPolicy/feed-addresses"].dependencies == set()


@table(case("of Istio", "istio", "virtualservice"), case("of the Gateway API", "gateway", "httproute"))
def test_a_listener_comes_after_the_routes_of_all_namespaces_and_so_goes_before_them(deployed, api, kind):
    route = {"gateways": ["web"], "http": [{"to": [{"service": "shop", "port": 80}]}]}
    homes = {"here": "trading", "there": "research"}
    routes = {name: {**route, "hosts": [f"{name}.example"], "namespace": home} for name, home in homes.items()}
    traffic = {"api": api, "gateways": {"web": {}}, "routes": routes}
    recording = deployed(istio={"version": NEWEST}, namespaces={"research": {}}, traffic=traffic)
    after = recording.one("traffic-gateway-web").dependencies
    assert {f"traffic-{kind}-here", f"traffic.research-{kind}-there"} <= after


def test_the_objects_of_the_gateways_namespace_wait_for_it(deployed):
    traffic = {"gateways": {"feed": {"allowAddresses": ["192.0.2.7"]}}}
    ingress = {"namespace": "edge", "service": {"externalTrafficPolicy": "Local"}}
    recording = deployed(traffic=traffic, ingress=ingress)
    policy = recording.one("traffic-authorizationpolicy-feed-addresses")
    assert policy.props["metadata"]["namespace"] == "edge"
    assert "ingress-namespace" in recording.one("traffic").dependencies | policy.dependencies


def test_the_program_makes_the_objects_after_the_namespace(deployed):
    recording = deployed(traffic={"gateways": {"trading-gateway": {}}})
    gateway = recording.one("traffic-gateway-trading-gateway")
    assert gateway.props["metadata"] == {"name": "trading-gateway", "namespace": "trading"}
    assert (gateway.type, gateway.parent) == ("kubernetes:networking.istio.io/v1beta1:Gateway", "traffic")
    assert gateway.provider == "cluster"
    before = recording.one("traffic").dependencies | gateway.dependencies
    assert {"trading-namespace", "trading-sidecar-default"} <= before


def test_without_any_traffic_settings_there_is_nothing_but_the_component_and_the_program_makes_none(deployed):
    assert [item.name for item in recorded()] == ["trading-traffic"]
    assert deployed().of_type("pi-mesh:trading:Traffic") == []
