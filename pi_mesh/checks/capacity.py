"""What nodes have free: allocatable less the requests that the scheduler has placed there."""

from collections.abc import Iterable

from pi_mesh.budget import fit
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.pods import Pod
from pi_mesh.quantities import ZERO, Resources


def free(node: Node, pods: Iterable[Pod]) -> Resources:
    """May be negative: an allocatable can shrink under running pods."""
    return node.allocatable - sum((pod.requests for pod in pods if pod.node == node.name), start=ZERO)


def rooms(nodes: Iterable[Node], pods: Iterable[Pod]) -> list[fit.Node]:
    """The nodes as the budget counts with them."""
    pods = list(pods)
    return [
        fit.Node(
            node.name,
            free(node, pods),
            free_pods=node.pods - sum(pod.node == node.name for pod in pods),
            accepts=node.accepts,
        )
        for node in nodes
    ]
