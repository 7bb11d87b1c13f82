"""The changes of a mesh while it is used."""

from collections.abc import Callable

from lab.cluster.kubectl import get, kubectl
from lab.cluster.waiting import wait_until
from lab.workloads import CONTROL
from tests.live.traffic import program
from tests.live.traffic.drains import drained, node_of_the_gateway
from tests.live.traffic.shop import SHOP
from tests.live.traffic.wire import certificate_serial
from tests.support.project import Project

MORE_MEMORY = {
    "ingress.resources": {
        "requests": {"cpu": "100m", "memory": "136Mi"},
        "limits": {"cpu": "500m", "memory": "264Mi"},
    }
}


def nothing_changes(project: Project) -> None:
    project.must_up()


def the_ingress_gateway_gets_more_memory_and_less_again(project: Project) -> None:
    with program.changed(project, MORE_MEMORY):
        pass


def istiod_is_killed(_: Project) -> None:
    killed = _istiods("False", "True")
    kubectl("delete", "pod", "-n", CONTROL, "--selector=app=istiod", "--grace-period=0", "--force")
    wait_until("another istiod, Ready", lambda: bool(_istiods("True") - killed), seconds=180)


def a_node_is_drained_under_the_only_ingress_gateway(_: Project) -> None:
    with drained(node_of_the_gateway()):
        pass


def a_node_is_drained_with_an_ingress_gateway_of_two_pods(project: Project) -> None:
    with program.changed(project, {"ingress.replicas": 2}), drained(node_of_the_gateway()):
        pass


def workload_certificates_are_renewed_twice(_: Project) -> None:
    serials = {certificate_serial(SHOP)}

    def renewed() -> bool:
        serials.add(certificate_serial(SHOP))
        return len(serials) > 2

    wait_until("the second new certificate", renewed, seconds=180)


def _istiods(*ready: str) -> set[str]:
    """Return the names of istiod's pods whose condition Ready is one of these."""
    pods = get("pods", "-n", CONTROL, "--selector=app=istiod")["items"]
    states = [(pod["metadata"]["name"], one) for pod in pods for one in pod["status"].get("conditions", ())]
    return {name for name, one in states if one["type"] == "Ready" and one["status"] in ready}


CHANGES: tuple[Callable[[Project], None], ...] = (
    nothing_changes,
    the_ingress_gateway_gets_more_memory_and_less_again,
    istiod_is_killed,
    a_node_is_drained_under_the_only_ingress_gateway,
    a_node_is_drained_with_an_ingress_gateway_of_two_pods,
    workload_certificates_are_renewed_twice,
)
