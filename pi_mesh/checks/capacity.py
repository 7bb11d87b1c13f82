"""What nodes have free: allocatable less the requests that the scheduler has placed there."""

from collections import defaultdict
from collections.abc import Iterable

from pi_mesh.budget import fit
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.pods import Pod
from pi_mesh.quantities import ZERO, Resources


def rooms(nodes: Iterable[Node], pods: Iterable[Pod]) -> list[fit.Node]:
    """The nodes as the budget counts with them; free may be negative: an allocatable can shrink under running pods."""
    placed: dict[str, list[Resources]] = defaultdict(list)
    for pod in pods:
        placed[pod.node].append(pod.requests)
    return [
        fit.Node(
            node.name,
            node.allocatable - sum(placed[node.name], start=ZERO),
            free_pods=node.pods - len(placed[node.name]),
            accepts=node.accepts,
        )
        for node in nodes
    ]
