"""The request through the ingress gateway."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from itertools import repeat
from typing import Any
from unittest.mock import Mock, call

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


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Return the requests to the gateway; the service behind it answers, unless a test says another answer."""

    def forwarded(context: str, namespace: str, target: str, port: int) -> AbstractContextManager[str]:
        assert (context, namespace, target) == ("test", "istio-system", "pod/gateway-0")
        return nullcontext(f"127.0.0.1:{port}")

    requests = Mock(return_value=Answer(200, True))
    monkeypatch.setattr(request_through_the_gateway, "PAUSES", (0, 0))
    monkeypatch.setattr(request_through_the_gateway, "forwarded", forwarded)
    monkeypatch.setattr(request_through_the_gateway, "get_answer", requests)
    return requests


@table(
    case("any host", mesh(), "pi-mesh.internal", 80, False),
    case("a wildcard", mesh(web={"hosts": ["*.example"], "port": 8080}), "pi-mesh.example", 8080, False),
    case("a route's", mesh(route="shop.example"), "shop.example", 80, False),
    case("HTTPS", mesh(web=SECURED), "shop.example", 443, True),
    case("rather without a list", mesh(office=LISTED, web={"port": 81}), "pi-mesh.internal", 81, False),
    case("not gRPC", mesh(rpc={"protocol": "GRPC", "port": 50051}, web={}), "pi-mesh.internal", 80, False),
)
def test_a_listener_that_speaks_http_is_asked_for_a_host_of_its_own(gateway, observed, host, port, secure):
    assert_lines(request_through_the_gateway.check(observed), "OK ")
    assert gateway.mock_calls == [call(f"127.0.0.1:{port}", host, secure=secure)]


@table(
    (Answer(200, True), f"OK=200 a GET of http://shop.example:80/ got 200 from {BEHIND}"),
    (Answer(404, True), f"OK=404 got 404 from {BEHIND}"),
    (Answer(500, True), f"WARNING=500 got 500 from {BEHIND}; see its log"),
    (Answer(301, False), f"OK=301 got 301 from {ITSELF}"),
    (Answer(403, False), f"OK=403 got 403 from {ITSELF}"),
    (Answer(404, False), f"WARNING=404 got 404 from {ITSELF}; {NO_ROUTE}"),
    (Answer(503, False), f"WARNING=503 got 503 from {ITSELF}; {NO_ENDPOINT}"),
    (NoAnswerError("reset"), "ERROR got no answer from pod gateway-0: reset"),
)
def test_the_answer_is_judged_by_its_status_and_by_who_gave_it(gateway, answer, line):
    gateway.side_effect = repeat(answer)
    assert_lines(request_through_the_gateway.check(mesh(route="shop.example")), line)


def test_a_gateway_that_still_learns_of_its_listener_is_asked_again(gateway):
    gateway.side_effect = [NoAnswerError("reset"), NoAnswerError("reset"), Answer(200, True)]
    assert_lines(request_through_the_gateway.check(mesh()), "OK ")


@pytest.mark.usefixtures("gateway")
def test_without_a_way_to_the_gateway_it_is_not_asked(monkeypatch):
    monkeypatch.setattr(request_through_the_gateway, "forwarded", Mock(side_effect=NotForwardedError("no kubectl")))
    assert_lines(request_through_the_gateway.check(mesh()), "UNKNOWN was not made: no kubectl$")


def test_a_gateway_without_routes_answers_404_by_itself(gateway):
    gateway.return_value = Answer(404, False)
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
    assert gateway.mock_calls == []
