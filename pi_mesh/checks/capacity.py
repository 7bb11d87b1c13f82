"""The headroom of the nodes, and the pods of a mesh that must still be scheduled."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pi_mesh.budget import fit
from pi_mesh.cluster.nodes import Node, Placement
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory, Workload
from pi_mesh.quantities import ZERO, Resources


@dataclass(frozen=True)
class Demand:
    """The pods of a mesh that the scheduler still has to place, and the nodes for them."""

    nodes: tuple[fit.Node, ...]
    """Nodes of the mesh's architecture that accept pods. Pods that stay are counted, pods that the mesh replaces are
    not."""
    others: tuple[fit.Node, ...]
    """Other nodes that accept pods, where workloads may run."""
    staying: tuple[Pod, ...]
    """Pods that keep their nodes: all that are not of the mesh, and those of the mesh that are large enough."""
    coming: tuple[Pod, ...]
    """Pods of the mesh that do not run yet, or run with smaller requests than the settings ask for."""
    surge: tuple[Resources, ...]
    """Requests of the extra pods while rollouts run."""

    @property
    def pods(self) -> tuple[Resources, ...]:
        """Requests of the pods that come."""
        return tuple(pod.requests for pod in self.coming)


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


def demand(mesh: Inventory, snapshot: Snapshot) -> Demand:
    """Return the pods to place; a running pod of the mesh that is large enough stays where it is."""
    architecture = mesh.settings.cluster.architecture
    fitting = [node for node in snapshot.nodes if node.architecture == architecture]
    homes = {node.name for node in fitting if node.ready}
    kept = [(workload, _kept(workload, snapshot.pods, homes)) for workload in mesh.workloads]
    staying = [pod for pod in snapshot.pods if not mesh.has_pod(pod.namespace, pod.labels)]
    staying += [pod for _, pods in kept for pod in pods]
    placement = Placement({"kubernetes.io/arch": architecture})
    accepting = {node.name for node in fitting if node.accepts}
    free = [node for node in rooms(snapshot.nodes, staying) if node.accepts]
    return Demand(
        nodes=tuple(node for node in free if node.name in accepting),
        others=tuple(node for node in free if node.name not in accepting),
        staying=tuple(staying),
        coming=tuple(_coming(workload, placement) for workload, pods in kept for _ in range(workload.pods - len(pods))),
        surge=tuple(_requests(workload) for workload in mesh.workloads for _ in range(workload.surge)),
    )


def _coming(workload: Workload, placement: Placement) -> Pod:
    """Return a pod as the workload's chart makes it."""
    container = Container(workload.name, _requests(workload))
    owner = f"Deployment/{workload.name}"
    labels, containers = dict(workload.selector), (container,)
    return Pod(workload.namespace, workload.name, labels, owner=owner, containers=containers, placement=placement)


def _kept(workload: Workload, pods: Iterable[Pod], homes: Iterable[str]) -> Sequence[Pod]:
    """Return the pods that need no other place: on a Ready node, with at least the wanted requests."""
    requests = _requests(workload)
    running = [pod for pod in pods if workload.has_pod(pod.namespace, pod.labels) and pod.node in homes]
    large = [pod for pod in running if pod.requests.cpu >= requests.cpu and pod.requests.memory >= requests.memory]
    return [pod for pod in large if not pod.ending][: workload.pods]


def _requests(workload: Workload) -> Resources:
    return workload.resources.requests.resources
