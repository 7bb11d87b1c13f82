"""The headroom of the nodes, and the pods of a mesh that must still be scheduled."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pi_mesh.budget import fit
from pi_mesh.cluster.nodes import Node, parse_placement
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory, Workload
from pi_mesh.quantities import ZERO, Resources
from pi_mesh.values.helm_values import Values
from pi_mesh.values.placement import node_selector


@dataclass(frozen=True)
class Demand:
    """The pods of a mesh that the scheduler still has to place, and the nodes for them."""

    nodes: tuple[fit.Node, ...]
    """Nodes that pods of the mesh may be placed on. Pods that stay are counted, pods that the mesh replaces are not."""
    others: tuple[fit.Node, ...]
    """Other nodes that accept pods, where workloads may run."""
    staying: tuple[Pod, ...]
    """Pods that keep their nodes: all that are not of the mesh, and those of the mesh that are large enough."""
    coming: tuple[Pod, ...]
    """Pods of the mesh that do not run yet, or run with smaller requests than the settings ask for."""
    surge: tuple[Pod, ...]
    """Extra pods while rollouts run."""


def rooms(nodes: Iterable[Node], pods: Iterable[Pod]) -> list[fit.Node]:
    """Return the nodes with their headroom, which is negative if the allocatable shrank under running pods."""
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


def placed(
    pods: Iterable[Pod], nodes: Sequence[Node], free: Iterable[fit.Node]
) -> tuple[tuple[fit.Node, ...], list[Pod]]:
    """Return the headroom after these pods were placed on some of the nodes, and the pods that no node takes."""
    left, pending = {room.name: room for room in free}, list[Pod]()
    # The scheduler begins with the highest priority; then the largest come first, by which the most fit.
    for pod in sorted(pods, key=lambda pod: (-pod.placement.priority, -pod.requests.memory, -pod.requests.cpu)):
        allowed = [left[node.name] for node in nodes if node.name in left and pod.placement.allows(node)]
        takers = [room for room in allowed if replace(room, accepts=True).room(pod.requests)]
        if takers:
            emptiest = max(takers, key=lambda room: (room.free.memory, room.free.cpu))
            left[emptiest.name] = emptiest.with_pod(pod.requests)
        else:
            pending.append(pod)
    return tuple(left.values()), pending


def demand(mesh: Inventory, snapshot: Snapshot) -> Demand:
    """Return the pods to place; a running pod of the mesh that is large enough stays where it is."""
    selector = node_selector(mesh.settings)
    own = [(work, _pod(release.typed, work, selector)) for release in mesh.releases for work in release.workloads]
    own += [(gateway, _pod({}, gateway, selector)) for gateway in mesh.api_gateways]
    kept = [_kept(workload, pod, snapshot) for workload, pod in own]
    staying = [pod for pod in snapshot.pods if not mesh.has_pod(pod.namespace, pod.labels)]
    staying += [pod for pods in kept for pod in pods]
    homes = {node.name for node in snapshot.nodes if any(pod.placement.allows(node) for _, pod in own)}
    free = rooms(snapshot.nodes, staying)
    counted = zip(own, kept, strict=True)
    return Demand(
        nodes=tuple(node for node in free if node.name in homes),
        others=tuple(node for node in free if node.accepts and node.name not in homes),
        staying=tuple(staying),
        coming=tuple(pod for (workload, pod), pods in counted for _ in range(workload.pods - len(pods))),
        surge=tuple(pod for workload, pod in own for _ in range(workload.surge)),
    )


def _pod(typed: Values, workload: Workload, selector: Mapping[str, object]) -> Pod:
    """Return a pod as the workload's chart makes it; istiod's has the values below `pilot`."""
    values: Any = typed.get("pilot", typed)
    owner, placement = f"Deployment/{workload.name}", parse_placement({**values, "nodeSelector": selector})
    labels, containers = dict(workload.selector), (Container(workload.name, workload.resources.requests.resources),)
    return Pod(workload.namespace, workload.name, labels, owner=owner, containers=containers, placement=placement)


def _kept(workload: Workload, new: Pod, snapshot: Snapshot) -> Sequence[Pod]:
    """Return the pods that need no other place: on a Ready node for them, with at least the requests of a new one."""
    homes = {node.name for node in snapshot.nodes if new.placement.allows(replace(node, cordoned=False, taints=()))}
    own = [pod for pod in snapshot.pods if workload.has_pod(pod.namespace, pod.labels) and pod.node in homes]
    cpu, memory = new.requests.cpu, new.requests.memory
    large = [pod for pod in own if pod.requests.cpu >= cpu and pod.requests.memory >= memory and not pod.ending]
    return large[: workload.pods]
