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
    """Drain a node for the block; afterwards it takes pods again, and the drained workloads run elsewhere."""
    with cordoned(node):
        kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s")
        wait_for_the_gateway()
        wait_for(SHOP)
        yield


def move_the_gateway() -> None:
    """Restart the gateway: new pods start before the old ones stop."""
    kubectl("rollout", "restart", "-n", CONTROL, f"deployment/{INGRESS}")
    wait_for_the_gateway()


def wait_for_the_gateway() -> None:
    kubectl("rollout", "status", "-n", CONTROL, f"deployment/{INGRESS}", "--timeout=180s")


def node_of_the_gateway() -> str:
    """Return a node with an ingress gateway's pod and without the clients; move a gateway there if needed."""
    if not _nodes():
        with cordoned(HOME):
            move_the_gateway()
    return min(_nodes())


def _nodes() -> set[str]:
    return {pod["spec"]["nodeName"] for pod in staying_pods(CONTROL, "istio=ingressgateway")} - {HOME}
