"""Each check of the traffic settings has something that trips it, and passes what is right."""

from dataclasses import replace

import pytest

from checks import preflight
from checks.finding import Finding, Level
from checks.traffic import run
from cluster.objects import Namespace, Service
from cluster.pods import Container
from tests.factories import make_settings
from tests.snapshots import STACK, make_pod, make_snapshot

AGENT, APP = "trading-agent-service", "trading-app-service"
VERSIONS = {"v1": {"version": "v1"}, "v2": {"version": "v2"}}
BREAKER = {"maxEjectionPercent": 50}
TO_APP = {"to": [{"service": APP, "port": 80}]}

GOOD = {
    "services": {APP: {"ports": [80], "selector": {"app": "trading-app"}}, AGENT: {"ports": [80]}},
    "gateways": {"trading-gateway": {}},
    "routes": {"trading-app": {"hosts": ["*"], "gateways": ["trading-gateway"], "http": [TO_APP]}},
    "canaries": {"trading-canary": {"service": AGENT, "paths": {"/api/v2": "v2"}}},
    "destinations": {"circuit-breaker": {"service": AGENT, "subsets": VERSIONS, "circuitBreaker": BREAKER}},
}


def problems(changes: dict | None = None, snapshot=None, **settings: object) -> list[Finding]:
    """What the checks say of the good traffic settings, one branch of them exchanged."""
    found = run(make_settings(traffic={**GOOD, **(changes or {})}, **settings), snapshot or make_snapshot())
    return [finding for finding in found if finding.level is not Level.OK]


def route(*http: dict, hosts: tuple[str, ...] = ("*",), gateways: tuple[str, ...] = ("trading-gateway",)) -> dict:
    return {"hosts": list(hosts), "gateways": list(gateways), "http": list(http)}


def the_one(found: list[Finding]) -> str:
    assert [finding.level for finding in found] == [Level.ERROR], found
    return str(found[0])


def test_settings_that_fit_together_have_no_problem():
    assert problems() == []


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"service": "nobody"}, "traffic.routes.trading-app.http[0].to[0]: goes to service nobody, which neither"),
        ({"service": APP, "port": 81}, f"service {APP} has no port 81; use one of 80"),
        ({"service": AGENT, "subset": "v3"}, f"goes to subset v3 of {AGENT}, which no destination declares"),
    ],
)
def test_a_route_to_what_nobody_declares_is_an_error(target: dict, said: str):
    assert said in the_one(problems({"routes": {"trading-app": route({"to": [target]})}}))


def test_a_canary_to_an_undeclared_subset_is_an_error():
    canary = {"service": AGENT, "weights": {"v1": 90, "v9": 10}}

    assert "traffic.canaries.c.weights.v9: goes to subset v9" in the_one(problems({"canaries": {"c": canary}}))


def test_a_service_that_lives_in_the_cluster_needs_no_declaration():
    living = make_snapshot(services=(Service("trading", "orders", ports=(9000,)),))

    assert problems({"routes": {"r": route({"to": [{"service": "orders"}]})}}, living) == []


def test_without_a_cluster_an_undeclared_service_is_unknown_rather_than_wrong():
    found = run(make_settings(traffic={"routes": {"r": route({"to": [{"service": "orders"}]}, gateways=())}}), None)

    assert [(one.check, one.level) for one in found if "orders" in one.message] == [("routes", Level.UNKNOWN)]


def test_a_service_of_several_ports_must_be_named_with_one():
    services = {**GOOD["services"], "orders": {"ports": [80, 81]}}
    changes = {"services": services, "routes": {"r": route({"to": [{"service": "orders"}]})}}

    assert "names no port, and service orders has 80, 81" in the_one(problems(changes))


def test_a_route_of_an_undeclared_gateway_is_an_error():
    routes = {"r": route(TO_APP, gateways=("other",))}

    assert "traffic.routes.r.gateways: names gateway other, which is not declared" in the_one(
        problems({"routes": routes})
    )


def test_a_route_for_a_host_that_its_gateway_does_not_listen_for_is_an_error():
    gateways = {"trading-gateway": {"hosts": ["*.example.org"]}}
    routes = {"r": route(TO_APP, hosts=("a.example.org", "a.example.com"))}

    said = the_one(problems({"gateways": gateways, "routes": routes}))

    assert "does not listen for a.example.com" in said


def test_gateways_without_the_ingress_gateway_are_an_error():
    assert "traffic.gateways: needs the ingress gateway" in the_one(problems(ingress={"enabled": False}))


def test_leaving_through_an_egress_gateway_that_is_off_is_an_error():
    external = {"broker": {"hosts": ["api.example.org"], "throughGateway": True}}

    said = the_one(problems({"external": external}, egress={"enabled": False}))

    assert "traffic.external.broker: throughGateway needs the egress gateway" in said


def test_two_routes_for_one_host_and_path_are_an_error():
    routes = {name: route({"prefix": "/a", **TO_APP}) for name in ("one", "two")}

    said = the_one(problems({"routes": routes}))

    assert "one and two both take paths below /a of host * at gateway trading-gateway" in said


def test_two_routes_for_one_host_and_different_paths_are_right():
    routes = {name: route({"prefix": f"/{name}", **TO_APP}) for name in ("one", "two")}

    assert problems({"routes": routes}) == []


def test_two_routes_of_the_sidecars_for_one_host_are_an_error():
    routes = {"r": route({"prefix": "/x", "to": [{"service": AGENT}]}, hosts=(AGENT,), gateways=())}

    said = the_one(problems({"routes": routes}))

    assert f"canaries.trading-canary and routes.r both route {AGENT}.trading.svc.cluster.local for sidecars" in said


def test_a_rule_behind_one_that_takes_everything_is_an_error():
    routes = {"r": route(TO_APP, {"prefix": "/api", **TO_APP})}

    assert "traffic.routes.r.http[1]: never gets a request" in the_one(problems({"routes": routes}))


def test_two_destinations_for_one_service_are_an_error():
    again = {**GOOD["destinations"], "again": {"service": AGENT, "circuitBreaker": BREAKER}}

    assert "again and circuit-breaker are both about" in the_one(problems({"destinations": again}))


def test_two_objects_of_one_kind_and_name_are_an_error():
    routes = {"trading-canary": GOOD["routes"]["trading-app"]}

    assert "two settings make a VirtualService named trading-canary" in the_one(problems({"routes": routes}))


def test_a_circuit_breaker_that_opens_for_no_pod_of_a_few_is_a_warning():
    found = problems({"destinations": {"breaker": {"service": AGENT, "circuitBreaker": {}}}, "canaries": {}})

    assert [(one.level, one.where) for one in found] == [(Level.WARNING, "traffic.destinations.breaker.circuitBreaker")]
    assert "fewer than 10" in found[0].message


def test_strict_names_the_pods_without_a_sidecar():
    bare = make_pod("legacy-feed", namespace="trading", owner="ReplicaSet/legacy-feed")
    meshed = replace(bare, name="new", containers=(Container("istio-proxy"),))
    elsewhere = replace(bare, name="outside", namespace="kube-system")

    found = problems(snapshot=make_snapshot(pods=(bare, meshed, elsewhere)))

    assert [(one.level, one.where) for one in found] == [(Level.WARNING, "pod trading/legacy-feed")]
    assert "restart its workload" in found[0].fix


def test_strict_looks_into_every_namespace_with_injection():
    snapshot = make_snapshot(
        namespaces=(Namespace("shop", {"istio-injection": "enabled"}),), pods=(make_pod("till", namespace="shop"),)
    )

    assert [one.where for one in problems(snapshot=snapshot)] == ["pod shop/till"]


def test_permissive_cuts_nobody_off():
    snapshot = make_snapshot(pods=(make_pod("legacy-feed", namespace="trading"),))

    assert problems(snapshot=snapshot, mtls={"mode": "PERMISSIVE"}) == []


def test_pods_that_we_may_not_list_are_unknown():
    found = problems(snapshot=make_snapshot(unreadable=("pods",)))

    assert [(one.level, one.where) for one in found] == [(Level.UNKNOWN, "mtls.mode")]


def test_the_preflight_asks_these_checks_too():
    settings = make_settings(traffic={**GOOD, "gateways": {}})

    assert "traffic.routes.trading-app.gateways" in {
        one.where for one in preflight.run(settings, make_snapshot(), STACK)
    }
