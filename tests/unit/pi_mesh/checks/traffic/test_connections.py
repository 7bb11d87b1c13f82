"""The findings about settings that end held connections, or move sticky sessions."""

from pi_mesh.checks.traffic.connections import check
from pi_mesh.cluster.objects import Service
from tests.support.factories import make_settings
from tests.support.findings import assert_lines, case, table
from tests.support.snapshots import make_snapshot
from tests.support.traffic_problems import of_settings

STREAMS, STICKY = {"connections": {"maxConcurrentStreams": 100}}, {"sticky": {"header": "x-desk"}}
BY_ADDRESS = {"sticky": {"sourceAddress": True}}
GATEWAYS = {"rpc": {"protocol": "GRPC", "port": 50051}, "web": {}, "feed": {"protocol": "TCP", "port": 9000}}
RULE, OF_CONNECTIONS = "traffic.routes.r.http[0]", "traffic.destinations.d.connections"
NO_EFFECT = f"WARNING {OF_CONNECTIONS}.tcpIdleTimeout: 61m has no effect if service a has a sidecar"
BOUND_NOTHING = f"ERROR {OF_CONNECTIONS}: bound nothing: service a has UDP ports alone"
CUT = f"WARNING {RULE}.timeout: ends gRPC streams and long polls after 5s"
DRAWN = "moves sticky sessions of service a: weights are drawn"
TCP = "moves sticky sessions of service a: TCP has neither"
TWO_SUBSETS = ({"subset": "v1", "weight": 90}, {"subset": "v2", "weight": 10})


def weights(**shares: int) -> dict:
    return {"canaries": {"c": {"service": "a", "weights": shares}}}


def to(*targets: dict, gateway: str = "web", **rule: object) -> dict:
    to = [{"service": "a", **target} for target in targets or ({},)]
    return {"routes": {"r": {"hosts": ["*"], "gateways": [gateway], "http": [{"to": to, **rule}]}}}


def streams(kind: str, *targets: dict) -> dict:
    return {"routes": {"r": {"hosts": ["*"], "gateways": ["feed"], kind: [{"service": "a", **to} for to in targets]}}}


@table(
    case("a time limit of bounded streams", STREAMS, to(timeout="5s"), CUT),
    case("a time limit at a gRPC listener", {}, to(gateway="rpc", timeout="5s"), CUT),
    case("one warning for a rule of two targets", STREAMS, to(*TWO_SUBSETS, timeout="5s"), CUT),
    case("a time limit of requests", {}, to(timeout="5s"), ""),
    case("streams without a time limit", STREAMS, to(gateway="rpc"), ""),
    case("weights of a canary", STICKY, weights(v1=90, v2=10), f"WARNING traffic.canaries.c.weights: {DRAWN}"),
    case("weights of a canary that ended", STICKY, weights(v1=100, v2=0), ""),
    case("a canary without sticky sessions", STREAMS, weights(v1=90, v2=10), ""),
    case("weights of a route, whatever the hash", BY_ADDRESS, to(*TWO_SUBSETS), f"WARNING {RULE}: {DRAWN}"),
    case("TCP by a header", STICKY, streams("tcp", {}), f"WARNING traffic.routes.r: {TCP}"),
    case("TLS by a header", STICKY, streams("tls", {}), f"WARNING traffic.routes.r: {TCP}"),
    case("TCP by address", BY_ADDRESS, streams("tcp", {}), ""),
    case("requests by a header", STICKY, to(), ""),
    case("silence of more than an hour", {"connections": {"tcpIdleTimeout": "61m"}}, {}, NO_EFFECT),
    case("silence of an hour", {"connections": {"tcpIdleTimeout": "60m"}}, {}, ""),
)
def test_a_setting_that_ends_streams_or_moves_sessions_is_named(destination, traffic, line):
    subsets = {"subsets": {name: {"version": name} for name in ("v1", "v2")}}
    destinations = {"d": {"service": "a", **subsets, **destination}}
    settings = make_settings(traffic={"gateways": GATEWAYS, "destinations": destinations, **traffic})
    assert_lines(check(of_settings(settings)), line)


@table(
    case("UDP alone", Service("trading", "a", is_udp=True), {"connections": {"tcpKeepalive": {}}}, BOUND_NOTHING),
    case("TCP too", Service("trading", "a"), {"connections": {"tcpKeepalive": {}}}, ""),
    case("UDP of another namespace", Service("dns", "a", is_udp=True), {"connections": {"tcpKeepalive": {}}}, ""),
    case("UDP without bounds", Service("trading", "a", is_udp=True), {"circuitBreaker": {}}, ""),
)
def test_bounds_of_a_service_without_tcp_are_refused(service, destination, line):
    settings = make_settings(traffic={"destinations": {"d": {"service": "a", **destination}}})
    assert_lines(check(of_settings(settings, make_snapshot(services=(service,)))), line)
