"""How many pods the scheduler still accepts: its own arithmetic (NodeResourcesFit), node by node.

Source: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#how-pods-with-resource-requests-are-scheduled
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pi_mesh.quantities import Resources


@dataclass(frozen=True)
class Node:
    """What one node can still take: its allocatable less the requests of the pods that are on it."""

    name: str
    free: Resources
    """May be negative: an allocatable can shrink under running pods."""
    free_pods: int
    accepts: bool = True
    """False where ordinary pods are kept away: not Ready, cordoned, or tainted NoSchedule or NoExecute."""

    def room(self, requests: Resources) -> int:
        """How many pods with these requests the scheduler puts here, if no other comes."""
        if not self.accepts:
            return 0
        bounds = [self.free_pods]
        # Zero requests are never refused for that resource, not even on a node that is over-full.
        if requests.cpu:
            bounds.append(self.free.cpu // requests.cpu)
        if requests.memory:
            bounds.append(self.free.memory // requests.memory)
        return max(0, min(bounds))

    def with_pod(self, requests: Resources) -> "Node":
        return replace(self, free=self.free - requests, free_pods=self.free_pods - 1)


def fitting(nodes: Iterable[Node], requests: Resources) -> int:
    """Return how many more pods with these requests the scheduler accepts on these nodes."""
    return sum(node.room(requests) for node in nodes)


def place(nodes: Sequence[Node], pods: Iterable[Resources]) -> list[Node] | None:
    """The nodes after these pods have landed, each on the emptiest, largest pod first. None where one fits nowhere."""
    left = list(nodes)
    for requests in sorted(pods, key=lambda pod: (pod.memory, pod.cpu), reverse=True):
        takers = [index for index, node in enumerate(left) if node.room(requests)]
        if not takers:
            return None
        emptiest = max(takers, key=lambda index: (left[index].free.memory, left[index].free.cpu))
        left[emptiest] = left[emptiest].with_pod(requests)
    return left
