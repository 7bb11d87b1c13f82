"""Placement of pods on nodes with the scheduler's own arithmetic (NodeResourcesFit), node by node.

Source:
https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#how-pods-with-resource-requests-are-scheduled
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pi_mesh.quantities import Resources


@dataclass(frozen=True)
class Node:
    """The headroom of one node: its allocatable minus the requests of the pods on it."""

    name: str
    free: Resources
    """Free CPU and memory; negative if the allocatable shrank under running pods."""
    free_pods: int
    accepts: bool = True
    """False for a node that ordinary pods avoid: not Ready, cordoned, or tainted NoSchedule or NoExecute."""

    def room(self, requests: Resources) -> int:
        """Return how many pods with these requests fit on this node if no other pod is added."""
        if not self.accepts:
            return 0
        bounds = [self.free_pods]
        # Zero requests are never refused for that resource, not even on an overcommitted node.
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


def fill(nodes: Sequence[Node], requests: Resources, most: int) -> tuple[int, list[Node]]:
    """Return how many of `most` pods with these requests fit, and the nodes with those pods on them."""
    left = list(nodes)
    for number in range(most):
        if (after := place(left, (requests,))) is None:
            return number, left
        left = after
    return most, left


def place(nodes: Sequence[Node], pods: Iterable[Resources]) -> list[Node] | None:
    """Return the nodes after placing these pods, largest first, on the emptiest node each; None if one does not fit."""
    left = list(nodes)
    for requests in sorted(pods, key=lambda pod: (pod.memory, pod.cpu), reverse=True):
        takers = [index for index, node in enumerate(left) if node.room(requests)]
        if not takers:
            return None
        emptiest = max(takers, key=lambda index: (left[index].free.memory, left[index].free.cpu))
        left[emptiest] = left[emptiest].with_pod(requests)
    return left
