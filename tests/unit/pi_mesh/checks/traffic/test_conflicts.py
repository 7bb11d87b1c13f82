"""The refusal of two rules for the same requests, or two objects of one name."""

from tests.support.findings import assert_lines, case, table
from tests.support.traffic_problems import AGENT, APP, BREAKER, GOOD, TO_APP, problems, route


def rules(*matches: dict) -> dict:
    """Return one route with a rule for each match."""
    return {"routes": {"r": route(*({**match, **TO_APP} for match in matches))}}


def routes(first: dict, second: dict) -> dict:
    """Return two routes with a rule each."""
    return {"routes": {"one": route({**first, **TO_APP}), "two": route({**second, **TO_APP})}}


def twice(**match: object) -> dict:
    return routes(match, match)


def methods(*names: str) -> dict:
    return {"prefix": "/a", "methods": [*names]}


TAKE = "one and two both take {} of host * at gateway trading-gateway"
HEADERS = {"prefix": "/a", "headers": {"x": "1"}, "methods": ["HEAD", "GET"]}
SIDECARS = {"routes": {"r": route({"prefix": "/x", "to": [{"service": AGENT}]}, hosts=(AGENT,), gateways=())}}
BOTH = f"canaries.trading-canary and routes.r both route {AGENT}.trading.svc.cluster.local for sidecars"
WAY_OUT = {"hosts": ["api.example.org"], "throughGateway": True}
WAYS_OUT = {"external": {"one": WAY_OUT, "two": WAY_OUT}}
AGAIN = {**GOOD["destinations"], "again": {"service": AGENT, "circuitBreaker": BREAKER}}
NAMED = {"routes": {"trading-canary": GOOD["routes"]["trading-app"]}}
LATER = "traffic.routes.r.http[1]: never gets a request"
READS, SAME = (methods("GET", "HEAD"), methods("POST")), (methods("GET", "HEAD"), methods("HEAD", "GET"))
BROKER = {"hosts": ["broker.example.org"], "gateways": ["g"], "tls": TO_APP["to"]}
SERVER_NAME = {
    "gateways": {"g": {"protocol": "TLS", "port": 8443, "hosts": ["broker.example.org"]}},
    "routes": {"r": BROKER, "s": BROKER},
}


@table(
    case("one path", twice(prefix="/a"), TAKE.format("paths below /a")),
    case("different paths", routes({"prefix": "/one"}, {"prefix": "/two"}), ""),
    case("one exact path", twice(exact="/a"), TAKE.format("path /a")),
    case("an exact path and those below", routes({"exact": "/a"}, {"prefix": "/a"}), ""),
    case("headers", twice(headers={"b": "2", "a": "1"}), TAKE.format("paths below /, header a=1, header b=2")),
    case("all together", twice(**HEADERS), TAKE.format("paths below /a, header x=1, method GET or HEAD")),
    case("every path", twice(), TAKE.format("every path")),
    case("a path twice in one route is the route's own error", rules({"prefix": "/a"}, {"prefix": "/a"}), LATER),
    case("a rule behind one that takes everything", rules({}, {"prefix": "/api"}), LATER),
    case("different methods", rules(*READS), ""),
    case("the same methods", rules(*SAME), "an earlier rule takes paths below /a, method GET or HEAD already"),
    case("two routes of the sidecars", SIDECARS, BOTH),
    case("two ways out", WAYS_OUT, "external.one and external.two both route api.example.org for sidecars"),
    case("a host that no gateway routes", {"external": {name: {"hosts": ["a.example"]} for name in "ab"}}, ""),
    case("two destinations", {"destinations": AGAIN}, "again and circuit-breaker are both about"),
    case("two objects of one name", NAMED, "two settings make a VirtualService named trading-canary"),
    case("one server name", SERVER_NAME, "r and s both take server name broker.example.org of gateway g"),
)
def test_two_settings_for_the_same_requests_or_of_one_name_are_an_error(changes, line):
    assert_lines(problems(changes), line and f"ERROR {line}")


def asking(authorizer: str, **more: object) -> dict:
    return {"action": "CUSTOM", "authorizer": authorizer, "rules": [{"ports": [80]}], **more}


DESK, SHOP = {"selector": {"app": "desk"}}, {"selector": {"app": "shop"}}


@table(
    case("of a pod", asking("b", **DESK), "1.28.0", "ERROR a and b may ask two authorizers about one pod's requests"),
    case("of one, and of every pod", asking("b"), "1.28.0", "ERROR traffic.authorization.policies: a and b may ask"),
    case("of other pods", asking("b", **SHOP), "1.28.0", ""),
    case("of another namespace", asking("b", namespace="research"), "1.28.0", ""),
    case("that are one", asking("a", **DESK), "1.28.0", ""),
    case("from 1.29 on", asking("b"), "1.29.0", ""),
)
def test_two_authorizers_are_an_error_where_istio_denies_what_both_may_judge(policy, version, line):
    authorizers = {name: {"service": APP, "port": 80} for name in "ab"}
    policies = {"a": asking("a", **DESK), "b": policy}
    changes = {"authorization": {"authorizers": authorizers, "policies": policies}}
    assert_lines(problems(changes, istio={"version": version}, namespaces={"research": {}}), line)
