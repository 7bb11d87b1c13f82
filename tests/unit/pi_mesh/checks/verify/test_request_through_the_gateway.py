"""The request through the ingress gateway."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pi_mesh.checks.finding import Finding, Level, Subject
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import request_through_the_gateway
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.port_forward import Answer, NoAnswerError, NotForwardedError
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import in_cluster, make_verification

GATEWAY = Pod("istio-system", "gateway-0", {"istio": "ingressgateway"}, containers=(Container("istio-proxy"),))
SECURED = {"hosts": ["shop.example"], "protocol": "HTTPS", "tls": {"secret": "shop"}}
APP = {"to": [{"service": "app"}]}


def mesh(gateways: dict[str, Any], routes: dict[str, Any] | None = None, **more: object) -> Observation:
    traffic = {"gateways": gateways, "routes": routes or {}}
    return in_cluster(make_verification(make_mesh(traffic=traffic, **more)), pods=(GATEWAY,))


def route(*hosts: str) -> dict[str, Any]:
    return {"app": {"hosts": [*hosts], "gateways": ["web"], "http": [APP]}}


class Gateway:
    """A gateway, and what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer: Answer | Exception = Answer(200, True)
        self.silent = 0
        """Number of requests without an answer, before the first with one."""
        self.pipe: Exception | None = None
        self.asked: list[tuple[str, int, bool]] = []
        monkeypatch.setattr(request_through_the_gateway, "PAUSES", (0, 0))
        monkeypatch.setattr(request_through_the_gateway, "forwarded", self._forwarded)
        monkeypatch.setattr(request_through_the_gateway, "get_answer", self._answered)

    @contextmanager
    def _forwarded(self, context: str, namespace: str, target: str, port: int) -> Iterator[str]:
        assert (context, namespace, target) == ("test", "istio-system", "pod/gateway-0")
        if self.pipe:
            raise self.pipe
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


def the(seen: Observation) -> Finding:
    (finding,) = request_through_the_gateway.check(seen)
    return finding


@pytest.mark.parametrize(
    ("gateways", "routes", "asked"),
    [
        ({"web": {}}, None, ("pi-mesh.internal", 80, False)),
        ({"web": {"hosts": ["*.example"], "port": 8080}}, None, ("pi-mesh.example", 8080, False)),
        ({"web": {}}, route("shop.example"), ("shop.example", 80, False)),
        ({"web": SECURED}, None, ("shop.example", 443, True)),
        ({"office": {"allowAddresses": ["192.0.2.1"]}, "web": {"port": 81}}, None, ("pi-mesh.internal", 81, False)),
        ({"rpc": {"protocol": "GRPC", "port": 50051}, "web": {}}, None, ("pi-mesh.internal", 80, False)),
    ],
    ids=str,
)
def test_a_listener_that_speaks_http_is_asked_for_a_host_of_its_own(gateway, gateways, routes, asked):
    the(mesh(gateways, routes))
    assert gateway.asked == [asked]


@pytest.mark.parametrize(
    ("answer", "level", "said"),
    [
        (Answer(200, True), Level.OK, "a GET of http://shop.example:80/ got 200 from the service behind the gateway"),
        (Answer(404, True), Level.OK, "got 404 from the service behind the gateway"),
        (Answer(500, True), Level.WARNING, "got 500 from the service behind the gateway"),
        (Answer(301, False), Level.OK, "got 301 from the gateway"),
        (Answer(403, False), Level.OK, "got 403 from the gateway"),
        (Answer(404, False), Level.WARNING, "got 404 from the gateway"),
        (Answer(503, False), Level.WARNING, "got 503 from the gateway"),
        (NoAnswerError("reset"), Level.ERROR, "got no answer from pod gateway-0: reset"),
    ],
    ids=str,
)
def test_the_answer_is_told_with_who_gave_it(gateway, answer, level, said):
    gateway.answer = answer
    finding = the(mesh({"web": {}}, route("shop.example")))
    assert (finding.level, said in finding.message) == (level, True)


def test_a_gateway_that_still_learns_of_its_listener_is_asked_again(gateway):
    gateway.silent = 2
    assert the(mesh({"web": {}})).level is Level.OK
    assert len(gateway.asked) == 3


def test_a_gateway_without_routes_answers_404_by_itself(gateway):
    gateway.answer = Answer(404, False)
    assert the(mesh({"web": {}})).level is Level.OK


def test_a_pod_that_is_not_reached_proves_nothing(gateway):
    gateway.pipe = NotForwardedError("no kubectl")
    assert (the(mesh({"web": {}})).level, the(mesh({"web": {}})).message) == (Level.UNKNOWN, "was not made: no kubectl")


@pytest.mark.parametrize(
    "pod", [replace(GATEWAY, ready=False), replace(GATEWAY, ending=True), replace(GATEWAY, labels={})]
)
def test_without_a_ready_pod_of_the_gateway_no_request_is_made(gateway, pod):
    assert the(in_cluster(mesh({"web": {}}), pods=(pod,))).level is Level.UNKNOWN
    assert gateway.asked == []


@pytest.mark.parametrize(
    "seen",
    [
        mesh({"feed": {"protocol": "TCP", "port": 9000}}),
        mesh({"web": {**SECURED, "tls": {"secret": "shop", "mode": "MUTUAL"}}}),
        mesh({"web": {}}, ingress={"proxyProtocol": True}),
    ],
)
def test_a_listener_that_asks_for_more_than_http_is_not_asked(gateway, seen):
    assert (the(seen).level, "was not made" in the(seen).message) == (Level.OK, True)
    assert gateway.asked == []


def test_without_listeners_or_a_gateway_there_is_nothing_to_ask(gateway):
    off = make_verification(make_mesh(ingress={"enabled": False}))
    assert [
        *request_through_the_gateway.check(make_verification()),
        *request_through_the_gateway.check(off),
    ] == []
    assert gateway.asked == []


@pytest.mark.parametrize(
    ("status", "from_behind", "routed", "level", "fix"),
    [
        (200, True, True, Level.OK, ""),
        (404, True, True, Level.OK, ""),
        (404, False, False, Level.OK, ""),
        (404, False, True, Level.WARNING, "see the rows of objects and attached routes"),
        (503, True, True, Level.WARNING, "see its log"),
        (503, False, True, Level.WARNING, "see the rows of attached routes: it reaches no endpoint"),
    ],
)
def test_an_answer_is_judged_by_its_status_and_by_who_gave_it(status, from_behind, routed, level, fix):
    answer = SimpleNamespace(status=status, from_behind=from_behind)
    found = request_through_the_gateway._answer(Subject("gateway"), "a request", answer, routed)
    assert (found.level, found.number, found.fix[: len(fix)]) == (level, status, fix)
