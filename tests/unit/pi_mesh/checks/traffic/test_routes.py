"""The refusal of routes that lead nowhere."""

from pi_mesh.checks.finding import Level
from pi_mesh.checks.traffic import routes
from pi_mesh.cluster.objects import Service
from tests.support.factories import make_settings
from tests.support.findings import assert_lines, case, table
from tests.support.snapshots import make_snapshot
from tests.support.traffic_problems import AGENT, APP, GOOD, TO_APP, of_settings, problems, route, run

ORDERS, NOBODY = ({"to": [{"service": name}]} for name in ("orders", "nobody"))
LIVING = make_snapshot(services=(Service("trading", "orders", ports=(9000,)),))
LISTENERS = {
    "http": {},
    "grpc": {"protocol": "GRPC", "port": 50051},
    "tcp": {"protocol": "TCP", "port": 9000},
    "passed": {"protocol": "TLS"},
    "ended": {"protocol": "TLS", "port": 8883, "tls": {"secret": "certificate"}},
}


def to(rule: dict, **more: tuple[str, ...]) -> dict:
    return {"routes": {"r": route(rule, **more)}}


def to_service(name: str, **more: object) -> dict:
    return to({"to": [{"service": name, **more}]})


def at(gateway: str, names: str = "r", **rules: list) -> dict:
    """Return routes of these names at one listener of each protocol."""
    return {"gateways": LISTENERS, "routes": {name: {"hosts": ["*"], "gateways": [gateway], **rules} for name in names}}


TWO_PORTS = {"services": {**GOOD["services"], "orders": {"ports": [80, 81]}}}
EXAMPLE = {"gateways": {"trading-gateway": {"hosts": ["*.example.org"]}}}
OTHER_HOST = {**EXAMPLE, **to(TO_APP, hosts=("a.example.org", "a.example.com"))}
CANARY = {"canaries": {"c": {"service": AGENT, "weights": {"v1": 90, "v9": 10}}}}
ASKED = {"authorization": {"authorizers": {"a": {"service": "nobody", "port": 80}}}}
LEAVING = {"external": {"broker": {"hosts": ["api.example.org"], "throughGateway": True}}}
OFF, NO_EGRESS = {"ingress": {"enabled": False}}, {"egress": {"enabled": False}}


@table(
    case("settings that fit together", {}, {}, ""),
    case("an unknown service", to_service("nobody"), {}, "traffic.routes.r.http[0].to[0]: …nobody, which neither"),
    case("an unknown port", to_service(APP, port=81), {}, f"service {APP} has no port 81; use one of 80"),
    case("an unknown subset", to_service(AGENT, subset="v3"), {}, f"subset v3 of {AGENT}, which no destination"),
    case("an unknown subset of a canary", CANARY, {}, "traffic.canaries.c.weights.v9: goes to subset v9"),
    case("several ports", {**TWO_PORTS, **to(ORDERS)}, {}, "names no port, and service orders has 80, 81"),
    case("an undeclared gateway", to(TO_APP, gateways=("b",)), {}, "traffic.routes.r.gateways: names gateway b"),
    case("a host of no listener", OTHER_HOST, {}, "does not listen for a.example.com"),
    case("no ingress gateway", {}, OFF, "traffic.gateways: needs the ingress gateway"),
    case("no egress gateway", LEAVING, NO_EGRESS, "external.broker: throughGateway needs the egress gateway"),
    case("an unknown service by TCP", at("tcp", tcp=NOBODY["to"]), {}, "routes.r.tcp[0]: goes to service nobody"),
    case("an authorizer that nobody knows", ASKED, {}, "traffic.authorization.authorizers.a: goes to service nobody"),
    case("all connections twice", at("tcp", "rs", tcp=TO_APP["to"]), {}, "r and s both take all connections of"),
)
def test_a_route_that_leads_nowhere_is_an_error(changes, settings, line):
    assert_lines(problems(changes, **settings), line and f"ERROR {line}")


@table(("http", "http"), ("grpc", "http"), ("tcp", "tcp"), ("passed", "tls"), ("ended", "tcp"))
def test_a_route_needs_rules_of_its_listeners_protocol(gateway, kind):
    for given, rule in {"http": [TO_APP], "tcp": TO_APP["to"], "tls": TO_APP["to"]}.items():
        unapplied = f"ERROR traffic.routes.r.{given}: are never applied: gateway {gateway} speaks"
        assert_lines(problems(at(gateway, **{given: rule})), "" if given == kind else unapplied)


def test_the_targets_that_exist_are_counted_where_there_are_some_and_all_exist():
    def counted(**traffic: object) -> list[float | None]:
        rows = run(make_settings(traffic=traffic), make_snapshot())
        return [row.number for row in rows if (row.id, row.level) == ("routes", Level.OK)]

    assert counted(**GOOD) == [4]
    assert counted() == []
    assert counted(**{**GOOD, **to(NOBODY)}) == []


def test_a_service_that_lives_in_the_cluster_needs_no_declaration_and_without_a_cluster_it_is_unknown():
    assert problems(to(ORDERS), LIVING) == []
    settings = make_settings(traffic=to(ORDERS, hosts=("orders",), gateways=()))
    assert_lines(routes.check(of_settings(settings)), "UNKNOWN orders")
