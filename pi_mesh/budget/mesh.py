"""The budget of a mesh, calculated from its inventory alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from pi_mesh.budget.fit import Node, fill, fitting, place
from pi_mesh.inventory import Inventory
from pi_mesh.model import ResourceProfile
from pi_mesh.quantities import ZERO, Resources
from pi_mesh.settings import Settings
from pi_mesh.settings.cluster import ClusterSettings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.values.objects import pod_resources


@dataclass(frozen=True)
class Row:
    """The pods of one component, and the requests and limits of each pod."""

    component: str
    pods: int
    """Number of replicas, or the autoscaler's maximum."""
    requests: Resources
    """Requests of one pod."""
    limits: Resources
    """Limits of one pod."""
    surge: int
    """Extra pods while a rollout runs."""

    @property
    def total_requests(self) -> Resources:
        return self.requests * self.pods

    @property
    def total_limits(self) -> Resources:
        return self.limits * self.pods

    @property
    def surge_requests(self) -> Resources:
        return self.requests * self.surge


class Promise(NamedTuple):
    """The pods that the setting `workloads` of a namespace promises, of the default size and with their sidecars."""

    namespace: WorkloadNamespace
    row: Row


@dataclass(frozen=True)
class Budget:
    """The resources that the mesh needs, and the Pis that provide them."""

    rows: tuple[Row, ...]
    sidecar: Row
    """One sidecar: the cost of every injected pod on top of its own containers."""
    promises: tuple[Promise, ...]
    """The promise of each namespace, trading's first."""
    pis: tuple[Node, ...]
    """The cluster's Pis before the mesh is installed."""

    @property
    def requests(self) -> Resources:
        return total(row.total_requests for row in self.rows)

    @property
    def limits(self) -> Resources:
        return total(row.total_limits for row in self.rows)

    @property
    def surge(self) -> Resources:
        """Return the extra requests if all components roll out at once, the most that a version change can need."""
        return total(row.surge_requests for row in self.rows)

    @property
    def capacity(self) -> Resources:
        return total(pi.free for pi in self.pis)

    @property
    def fits(self) -> bool:
        """Return True if the mesh and the surge of its largest rollout fit on the Pis."""
        return self._left_by_rollouts() is not None

    @property
    def room(self) -> int:
        """Return how many more sidecars fit beside the mesh; zero if the mesh itself does not fit."""
        left = place(self.pis, [row.requests for row in self.rows for _ in range(row.pods)])
        return 0 if left is None else fitting(left, self.sidecar.requests)

    @property
    def kept(self) -> tuple[int, ...]:
        """Return how many pods of each promise fit beside the mesh, the surge of its rollouts and earlier promises."""
        left, counts = self._left_by_rollouts() or [], []
        for _, row in self.promises:
            count, left = fill(left, row.requests, row.pods)
            counts.append(count)
        return tuple(counts)

    def _left_by_rollouts(self) -> list[Node] | None:
        return place(self.pis, [row.requests for row in self.rows for _ in range(row.pods + row.surge)])


def mesh_budget(mesh: Inventory) -> Budget:
    """Return the budget of an inventory, on Pis as `cluster.node` describes them."""
    sidecar = _row("sidecar", mesh.settings.proxy.resources, pods=1, surge=0)
    rows = (_row(own.title, own.resources, own.pods, own.surge) for own in mesh.workloads)
    return Budget(tuple(rows), sidecar, promises(mesh.settings), pis(mesh.settings.cluster))


def promises(settings: Settings) -> tuple[Promise, ...]:
    """Return each namespace's promise; its row counts the same pods as the ResourceQuota."""
    return tuple(Promise(namespace, _workloads(settings, namespace)) for namespace in settings.workload_namespaces)


def _workloads(settings: Settings, namespace: WorkloadNamespace) -> Row:
    requests, limits = pod_resources(settings, namespace)
    title = "trading workloads" if namespace.is_trading else f"workloads of {namespace.name}"
    return Row(title, namespace.own.workloads, requests, limits, surge=0)


def pis(cluster: ClusterSettings) -> tuple[Node, ...]:
    """Return the nodes that the settings describe, without any pods on them."""
    node, numbers = cluster.node, range(1, cluster.nodes + 1)
    return tuple(Node(f"pi-{number}", node.resources, node.pods) for number in numbers)


def total(resources: Iterable[Resources]) -> Resources:
    return sum(resources, start=ZERO)


def _row(component: str, profile: ResourceProfile, pods: int, surge: int) -> Row:
    return Row(component, pods, profile.requests.resources, profile.limits.resources, surge)
