"""Draining the ingress gateway's node."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.cluster.kubectl import kubectl, staying_pods
from lab.workloads import CONTROL, wait_for
from pi_mesh.names import INGRESS
from tests.live.traffic.shop import HOME, SHOP
from tests.support.nodes import cordoned


@contextmanager
def drained(node: str) -> Iterator[None]:
    """Without pods inside, and taking some again after; what was there is up elsewhere."""
    with cordoned(node):
        kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s")
        wait_for_the_gateway()
        wait_for(SHOP)
        yield


def move_the_gateway() -> None:
    """New pods first, then the old ones go."""
    kubectl("rollout", "restart", "-n", CONTROL, f"deployment/{INGRESS}")
    wait_for_the_gateway()


def wait_for_the_gateway() -> None:
    kubectl("rollout", "status", "-n", CONTROL, f"deployment/{INGRESS}", "--timeout=180s")


def node_of_the_gateway() -> str:
    """One that an ingress gateway's pod is on, and the clients are not; for that a gateway is moved if it must."""
    if not _nodes():
        with cordoned(HOME):
            move_the_gateway()
    return min(_nodes())


def _nodes() -> set[str]:
    return {pod["spec"]["nodeName"] for pod in staying_pods(CONTROL, "istio=ingressgateway")} - {HOME}
