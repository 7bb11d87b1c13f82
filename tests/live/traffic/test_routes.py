"""The routes of requests, and the requests that leave the mesh."""

from collections.abc import Iterator
from statistics import NormalDist

import pytest

from lab.calls import REFUSED, answer_from_now_on, call, settled, status, statuses
from lab.cluster.kubectl import staying_pods
from lab.workloads import CONTROL
from pi_mesh.values.traffic.authorization import ingress_principal
from tests.live.traffic import cast
from tests.live.traffic.cast import rules
from tests.live.traffic.outside import address_of, host_of
from tests.support.commands import connectivity, wrong
from tests.support.factories import make_settings
from tests.support.project import Project

pytestmark = pytest.mark.usefixtures("workloads")

V1, V2 = 200, 202  # answers of the agent's versions
SUBSETS = {"v1": {"version": "v1"}, "v2": {"version": "v2"}}
CANARY = {
    "destinations": {"trading-agent": {"service": "trading-agent-service", "subsets": SUBSETS}},
    "canaries": {"trading-canary": {"service": "trading-agent-service", "paths": {"/api/v2": "v2"}}},
}
BREAKER = {"consecutiveErrors": 5, "interval": "1s", "ejectionTime": "4s", "maxEjectionPercent": 100}
"""The Ansible role's number of errors; its 30 s are too long for a test."""
SAMPLE = 2000


def test_the_ingress_gateway_leads_to_the_application(figure):
    with rules(**cast.front_door()):
        assert settled(lambda: status(cast.OUTSIDER, cast.INGRESS_URL), 200) == 200
        answer = call(cast.OUTSIDER, f"{cast.INGRESS_URL}/debug")
        assert f"URI=spiffe://{ingress_principal(make_settings())}" in answer.body
    assert settled(lambda: status(cast.OUTSIDER, cast.INGRESS_URL), REFUSED) == REFUSED
    figure("200, over mutual TLS from the gateway on")


def test_one_in_ten_requests_goes_to_the_canary_and_api_v2_always(figure):
    with rules(**CANARY):
        assert settled(lambda: status(cast.CLIENT, f"{cast.AGENT_URL}/api/v2/orders"), V2) == V2
        all_of_them = statuses(cast.CLIENT, f"{cast.AGENT_URL}/api/v2/orders", 200)
        assert all_of_them == {V2: 200}
        # A fair split lies outside once in a hundred times: then a second sample decides.
        split = next((one for one in (_split(), _split()) if _plausible(one.get(V2, 0))), {})
    assert split, f"the share of v2 is not 10 percent, in two samples of {SAMPLE}"
    figure(f"{split[V1]} : {split[V2]} of {SAMPLE} (99%: v2 has {_bounds()[0]:.0f} to {_bounds()[1]:.0f}); 200 of 200")


def test_the_circuit_breaker_leaves_a_failing_pod_alone_and_comes_back_to_it(figure):
    breaker = {"service": "trading-agent-service", "circuitBreaker": BREAKER}
    with rules(destinations={"trading-agent": breaker}):
        assert settled(_answers, {V1, V2}) == {V1, V2}
        try:
            answer_from_now_on(cast.AGENT_V2, "status=500")
            errors = statuses(cast.CLIENT, cast.AGENT_URL, 40, connections=1).get(500, 0)
            assert settled(_answers, {V1}, seconds=10) == {V1}
        finally:
            answer_from_now_on(cast.AGENT_V2, f"status={V2}")
        assert settled(_answers, {V1, V2}, seconds=40) == {V1, V2}
    assert errors >= BREAKER["consecutiveErrors"]
    figure(f"left alone after {errors} errors, back when it is well")


def test_without_the_circuit_breaker_the_failing_pod_stays(figure):
    try:
        answer_from_now_on(cast.AGENT_V2, "status=500")
        seen = statuses(cast.CLIENT, cast.AGENT_URL, 100)
    finally:
        answer_from_now_on(cast.AGENT_V2, f"status={V2}")
    assert seen[500] > 20
    figure(f"{seen[500]} errors of 100")


def _answers() -> set[int]:
    return set(statuses(cast.CLIENT, cast.AGENT_URL, 40))


def _split() -> dict[int, int]:
    return statuses(cast.CLIENT, cast.AGENT_URL, SAMPLE)


def _bounds() -> tuple[float, float]:
    """Return the bounds of the requests to v2 in 99 of 100 fair samples (binomial, by the normal approximation)."""
    share = NormalDist(SAMPLE * 0.1, (SAMPLE * 0.1 * 0.9) ** 0.5)
    return share.inv_cdf(0.005), share.inv_cdf(0.995)


def _plausible(count: int) -> bool:
    low, high = _bounds()
    return low <= count <= high


PORT = 8080


@pytest.fixture
def host() -> str:
    """Return a host outside the mesh, by a name that the cluster's DNS knows and the mesh doesn't."""
    return host_of(cast.OUTSIDER)


@pytest.fixture
def egress_address() -> str:
    return staying_pods(CONTROL, "istio=egressgateway")[0]["status"]["podIP"]


@pytest.fixture(scope="module")
def registry_only(mesh: Project, workloads: None) -> Iterator[None]:  # noqa: ARG001
    """Restrict sidecars to hosts that the mesh knows (REGISTRY_ONLY)."""
    with mesh.changed({"proxy.outboundTraffic": "REGISTRY_ONLY"}):
        yield


def test_requests_to_a_host_outside_leave_by_the_egress_gateway(host, egress_address, figure):
    assert f"request from {address_of(cast.CLIENT)}" in _seen_by(host)
    outside = {"hosts": [host], "protocol": "HTTP", "port": PORT, "throughGateway": True}
    with rules(external={"market": outside}):
        assert settled(lambda: f"request from {egress_address}:" in _seen_by(host), True)
    figure(f"the host sees {egress_address}, the egress gateway's pod; before, the client's")


@pytest.mark.usefixtures("registry_only")
def test_with_registry_only_an_unknown_host_is_refused(host, figure):
    assert settled(lambda: status(cast.CLIENT, f"http://{host}:{PORT}"), REFUSED) == REFUSED
    with rules(external={"market": {"hosts": [host], "protocol": "HTTP", "port": PORT}}):
        assert settled(lambda: status(cast.CLIENT, f"http://{host}:{PORT}"), 200) == 200
    figure("connection closed; a declared host 200")


@pytest.mark.usefixtures("registry_only")
def test_with_registry_only_connectivity_sees_each_call_go_as_it_must(mesh: Project, figure):
    status, report = connectivity(mesh)
    assert (status, wrong(report)) == (0, set())
    seen = {row["call"]: f"{row['must']}, {row['seen']}" for row in report["calls"]}
    assert seen["unregistered host"].startswith("be refused")
    figure("; ".join(f"{call}: {what}" for call, what in seen.items()))


def _seen_by(host: str) -> str:
    return call(cast.CLIENT, f"http://{host}:{PORT}/debug").body
