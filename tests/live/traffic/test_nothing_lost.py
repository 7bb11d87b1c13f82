"""Changes of the mesh that lose no request."""

import time
from collections.abc import Callable, Iterator

import pytest

from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.cluster.waiting import wait_until
from lab.workloads import CONTROL, wait_for
from pi_mesh.names import INGRESS
from tests.live.traffic.load import must_lose_nothing, streams
from tests.live.traffic.outside import certificate_serial
from tests.live.traffic.shop import HOME, SHOP, WAYS, open_shop
from tests.support.objects import cordoned
from tests.support.project import Project

AFTERMATH = 25  # seconds in which stopping pods drain after the change
MORE_MEMORY = {"requests": {"cpu": "100m", "memory": "136Mi"}, "limits": {"cpu": "500m", "memory": "264Mi"}}


def nothing_changes(project: Project) -> None:
    project.must_up()


def the_ingress_gateway_gets_more_memory_and_less_again(project: Project) -> None:
    with project.changed({"ingress.resources": MORE_MEMORY}):
        pass


def istiod_is_killed(_: Project) -> None:
    killed = istiods("False", "True")
    kubectl("delete", "pod", "-n", CONTROL, "--selector=app=istiod", "--grace-period=0", "--force")
    wait_until("another istiod, Ready", lambda: bool(istiods("True") - killed), seconds=180)


def istiods(*ready: str) -> set[str]:
    """Return the names of istiod's pods whose condition Ready is one of these."""
    pods = get("pods", "-n", CONTROL, "--selector=app=istiod")["items"]
    states = [(pod["metadata"]["name"], one) for pod in pods for one in pod["status"].get("conditions", ())]
    return {name for name, one in states if one["type"] == "Ready" and one["status"] in ready}


def a_node_is_drained_under_the_only_ingress_gateway(_: Project) -> None:
    drain(node_of_the_gateway())


def a_node_is_drained_with_an_ingress_gateway_of_two_pods(project: Project) -> None:
    with project.changed({"ingress.replicas": 2}):
        drain(node_of_the_gateway())


def workload_certificates_are_renewed_twice(_: Project) -> None:
    serials = {certificate_serial(SHOP)}

    def renewed() -> bool:
        serials.add(certificate_serial(SHOP))
        return len(serials) > 2

    wait_until("the second new certificate", renewed, seconds=180)


def drain(node: str) -> None:
    """Drain a node; afterwards it takes pods again, and the drained workloads run elsewhere."""
    with cordoned(node):
        kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s")
        wait_for_the_gateway()
        wait_for(SHOP)


def wait_for_the_gateway() -> None:
    kubectl("rollout", "status", "-n", CONTROL, f"deployment/{INGRESS}", "--timeout=180s")


def node_of_the_gateway() -> str:
    """Return a node with an ingress gateway's pod and without the clients; move a gateway there if needed."""

    def nodes() -> set[str]:
        return {pod["spec"]["nodeName"] for pod in staying_pods(CONTROL, "istio=ingressgateway")} - {HOME}

    if not nodes():
        with cordoned(HOME):
            kubectl("rollout", "restart", "-n", CONTROL, f"deployment/{INGRESS}")
            wait_for_the_gateway()
    return min(nodes())


CHANGES: tuple[Callable[[Project], None], ...] = (
    nothing_changes,
    the_ingress_gateway_gets_more_memory_and_less_again,
    istiod_is_killed,
    a_node_is_drained_under_the_only_ingress_gateway,
    a_node_is_drained_with_an_ingress_gateway_of_two_pods,
    workload_certificates_are_renewed_twice,
)
ACCEPTANCE = the_ingress_gateway_gets_more_memory_and_less_again  # the change that `make test` tries too


@pytest.fixture(scope="module")
def shop(mesh: Project) -> Iterator[None]:  # noqa: ARG001
    """Open the shop behind the ingress gateway."""
    with open_shop():
        yield


def _case(change: Callable[[Project], None]) -> object:
    marks = () if change is ACCEPTANCE else pytest.mark.long
    return pytest.param(change, marks=marks, id=change.__name__.replace("_", " "))


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("change", [_case(change) for change in CHANGES])
def test_no_request_is_lost_while(change: Callable[[Project], None], mesh, figure):
    with streams(**WAYS) as tallies:
        change(mesh)
        time.sleep(AFTERMATH)
    figure(must_lose_nothing(tallies))
