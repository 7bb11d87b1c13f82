"""The request through the ingress gateway."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import request_through_the_gateway
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.port_forward import Answer, NoAnswerError, NotForwardedError
from tests.support.factories import make_mesh
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, in_cluster, make_verification

GATEWAY = Pod("istio-system", "gateway-0", {"istio": "ingressgateway"}, containers=(Container("istio-proxy"),))
SECURED = {"hosts": ["shop.example"], "protocol": "HTTPS", "tls": {"secret": "shop"}}
LISTED = {"allowAddresses": ["192.0.2.1"]}
MUTUAL = {**SECURED, "tls": {"secret": "shop", "mode": "MUTUAL"}}
BEHIND, ITSELF = "the service behind the gateway", "the gateway"
NO_ROUTE, NO_ENDPOINT = "see the rows of objects and attached", "see the rows of attached routes: it reaches no"


def mesh(pod: Pod = GATEWAY, route: str = "", ingress: dict | None = None, **gateways: Any) -> Observation:
    app = {"hosts": [route], "gateways": ["web"], "http": [{"to": [{"service": "app"}]}]}
    traffic = {"gateways": gateways or {"web": {}}, "routes": {"app": app} if route else {}}
    return in_cluster(make_verification(make_mesh(traffic=traffic, ingress=ingress or {})), pods=(pod,))


class Gateway:
    """A gateway, and what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer: Answer | Exception = Answer(200, True)
        self.silent = 0
        """Number of requests without an answer, before the first with one."""
        self.asked: list[tuple[str, int, bool]] = []
        monkeypatch.setattr(request_through_the_gateway, "PAUSES", (0, 0))
        monkeypatch.setattr(request_through_the_gateway, "forwarded", self._forwarded)
        monkeypatch.setattr(request_through_the_gateway, "get_answer", self._answered)

    @contextmanager
    def _forwarded(self, context: str, namespace: str, target: str, port: int) -> Iterator[str]:
        assert (context, namespace, target) == ("test", "istio-system", "pod/gateway-0")
        if isinstance(self.answer, NotForwardedError):
            raise self.answer
        self.port = port
        yield "127.0.0.1:1"

    def _answered(self, _: str, host: str, *, secure: bool) -> Answer:
        self.asked.append((host, self.port, secure))
        if len(self.asked) <= self.silent:
            raise NoAnswerError("reset")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    return Gateway(monkeypatch)


@table(
    case("any host", mesh(), ("pi-mesh.internal", 80, False)),
    case("a wildcard", mesh(web={"hosts": ["*.example"], "port": 8080}), ("pi-mesh.example", 8080, False)),
    case("a route's", mesh(route="shop.example"), ("shop.example", 80, False)),
    case("HTTPS", mesh(web=SECURED), ("shop.example", 443, True)),
    case("rather without a list", mesh(office=LISTED, web={"port": 81}), ("pi-mesh.internal", 81, False)),
    case("not gRPC", mesh(rpc={"protocol": "GRPC", "port": 50051}, web={}), ("pi-mesh.internal", 80, False)),
)
def test_a_listener_that_speaks_http_is_asked_for_a_host_of_its_own(gateway, observed, asked):
    assert_lines(request_through_the_gateway.check(observed), "OK ")
    assert gateway.asked == [asked]


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (Answer(200, True), f"OK=200 a GET of http://shop.example:80/ got 200 from {BEHIND}"),
        (Answer(404, True), f"OK=404 got 404 from {BEHIND}"),
        (Answer(500, True), f"WARNING=500 got 500 from {BEHIND}; see its log"),
        (Answer(301, False), f"OK=301 got 301 from {ITSELF}"),
        (Answer(403, False), f"OK=403 got 403 from {ITSELF}"),
        (Answer(404, False), f"WARNING=404 got 404 from {ITSELF}; {NO_ROUTE}"),
        (Answer(503, False), f"WARNING=503 got 503 from {ITSELF}; {NO_ENDPOINT}"),
        (NoAnswerError("reset"), "ERROR got no answer from pod gateway-0: reset"),
        (NotForwardedError("no kubectl"), "UNKNOWN was not made: no kubectl$"),
    ],
    ids=str,
)
def test_the_answer_is_judged_by_its_status_and_by_who_gave_it(gateway, answer, line):
    gateway.answer = answer
    assert_lines(request_through_the_gateway.check(mesh(route="shop.example")), line)


def test_a_gateway_that_still_learns_of_its_listener_is_asked_again(gateway):
    gateway.silent = 2
    assert_lines(request_through_the_gateway.check(mesh()), "OK ")
    assert len(gateway.asked) == 3


def test_a_gateway_without_routes_answers_404_by_itself(gateway):
    gateway.answer = Answer(404, False)
    assert_lines(request_through_the_gateway.check(mesh()), "OK ")


@table(
    case("a pod that is not ready", mesh(replace(GATEWAY, ready=False)), "UNKNOWN no Ready pod"),
    case("one on its way out", mesh(replace(GATEWAY, ending=True)), "UNKNOWN no Ready pod"),
    case("one of another workload", mesh(replace(GATEWAY, labels={})), "UNKNOWN no Ready pod"),
    case("TCP", mesh(feed={"protocol": "TCP", "port": 9000}), "OK was not made"),
    case("a client's certificate", mesh(web=MUTUAL), "OK was not made"),
    case("the PROXY protocol", mesh(ingress={"proxyProtocol": True}), "OK was not made"),
    case("no listener", HEALTHY, ""),
    case("no gateway", make_verification(make_mesh(ingress={"enabled": False})), ""),
)
def test_a_gateway_that_takes_no_such_request_is_not_asked(gateway, observed, line):
    assert_lines(request_through_the_gateway.check(observed), line)
    assert gateway.asked == []
