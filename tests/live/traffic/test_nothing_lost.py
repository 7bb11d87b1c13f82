"""Nothing lost while the mesh changes."""

from collections.abc import Callable, Iterator

import pytest

from lab.cluster.kubectl import get, kubectl
from lab.cluster.waiting import wait_until
from tests.live.project import Project
from tests.live.traffic import cast, program
from tests.live.traffic.calls import settled, status
from tests.live.traffic.load import streams
from tests.live.traffic.rules import rules
from tests.live.traffic.wire import certificate_serial
from tests.live.traffic.workloads import CONTROL, Workload, apply, delete, manifests, wait_for

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("shop")]

HOME = "pi-1"
"""Where the clients are: this node is never drained."""
AT_HOME = {"nodeSelector": {"kubernetes.io/hostname": HOME}}
SPREAD = {
    "topologySpreadConstraints": [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": cast.APP},
        }
    ]
}
SHORT_LIVED = {"proxy.istio.io/config": "proxyMetadata: {SECRET_TTL: 60s}"}
"""As `mtls.certificateLifetime` does it, but for a life that is shorter than settings allow."""
SHOP = Workload("shop", labels=cast.APP, replicas=2, stop_seconds=10, annotations=SHORT_LIVED, place=SPREAD)
INSIDER = Workload("insider", annotations=SHORT_LIVED, place=AT_HOME)
VISITOR = Workload("visitor", namespace=cast.OUTSIDE, sidecar=False, place=AT_HOME)
EARLIER = "1.30.0"
MORE_MEMORY = {"ingress.resources.limits": {"cpu": "500m", "memory": "264Mi"}}


@pytest.fixture(scope="module")
def shop(mesh: None) -> Iterator[None]:  # noqa: ARG001
    """A server in two pods, behind the ingress gateway, with a client inside the mesh and one outside."""
    objects = [cast.NAMESPACES[-1], cast.SERVICES[0]]
    objects += [each for one in (SHOP, INSIDER, VISITOR) for each in manifests(one)]
    apply(objects)
    try:
        with rules(**cast.FRONT_DOOR):
            wait_for(SHOP, INSIDER, VISITOR)
            assert settled(lambda: status(VISITOR, cast.INGRESS_URL), 200) == 200
            yield
    finally:
        delete(objects)


def nothing_changes(project: Project) -> None:
    program.up(project)


def the_ingress_gateway_gets_more_memory_and_less_again(project: Project) -> None:
    with program.changed(project, MORE_MEMORY):
        pass


def the_mesh_goes_to_another_version_and_back(project: Project) -> None:
    with program.changed(project, {"istio.version": EARLIER}):
        pass


def istiod_is_killed(_: Project) -> None:
    kubectl("delete", "pod", "-n", CONTROL, "--selector=app=istiod", "--grace-period=0", "--force")
    kubectl("rollout", "status", "-n", CONTROL, "deployment/istiod", "--timeout=180s")


def a_node_is_drained_and_comes_back(_: Project) -> None:
    """The one with the ingress gateway and one of the servers."""
    node = _gateway_node()
    try:
        kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s")
        kubectl("rollout", "status", "-n", CONTROL, "deployment/istio-ingressgateway", "--timeout=180s")
    finally:
        kubectl("uncordon", node)


def workload_certificates_are_renewed_twice(_: Project) -> None:
    serials = {certificate_serial(SHOP)}

    def renewed() -> bool:
        serials.add(certificate_serial(SHOP))
        return len(serials) > 2

    wait_until("the second new certificate", renewed, seconds=180)


EVENTS = (
    nothing_changes,
    the_ingress_gateway_gets_more_memory_and_less_again,
    the_mesh_goes_to_another_version_and_back,
    istiod_is_killed,
    a_node_is_drained_and_comes_back,
    workload_certificates_are_renewed_twice,
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__.replace("_", " "))
def test_no_request_is_lost_while(event: Callable[[Project], None], project, figure):
    with streams(ingress=(VISITOR, cast.INGRESS_URL), sidecars=(INSIDER, cast.APPLICATION_URL)) as tallies:
        event(project)
    figure("; ".join(f"{name}: {tally}" for name, tally in tallies.items()))
    assert {name: tally.failed for name, tally in tallies.items()} == {name: {} for name in tallies}


def _gateway_node() -> str:
    """The node of the ingress gateway, which is moved first if that is the clients' home."""
    pods = get("pods", "-n", CONTROL, "--selector=istio=ingressgateway")["items"]
    nodes = {pod["spec"]["nodeName"] for pod in pods} - {HOME}
    assert nodes, f"the ingress gateway is on {HOME}, where the clients are"
    return min(nodes)
