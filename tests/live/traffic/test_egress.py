"""Requests that leave the mesh."""

from collections.abc import Iterator

import pytest

from lab.calls import REFUSED, call, settled, status
from lab.cluster.kubectl import staying_pods
from lab.workloads import CONTROL
from tests.live.traffic import cast
from tests.live.traffic.cast import rules
from tests.live.traffic.outside import address_of
from tests.support.commands import connectivity, wrong
from tests.support.project import Project

pytestmark = pytest.mark.usefixtures("workloads")

PORT = 8080


@pytest.fixture
def host() -> str:
    """Return a host outside the mesh, by a name that the cluster's DNS knows and the mesh doesn't."""
    return f"{address_of(cast.OUTSIDER).replace('.', '-')}.{cast.OUTSIDE}.pod.cluster.local"


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
