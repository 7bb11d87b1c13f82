"""The budget of the mesh, from its inventory alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from pi_mesh.budget.fit import Node, fitting, place
from pi_mesh.inventory import Inventory
from pi_mesh.model.resources import ResourceProfile
from pi_mesh.quantities import ZERO, Resources
from pi_mesh.settings import Settings
from pi_mesh.settings.cluster import ClusterSettings
from pi_mesh.values.objects import trading_pod


@dataclass(frozen=True)
class Row:
    """One component: how many pods, and what each of them asks for and may use."""

    component: str
    pods: int
    """Replicas, or the autoscaler's maximum."""
    requests: Resources
    """Of one pod."""
    limits: Resources
    """Of one pod."""
    surge: int
    """Further pods for as long as a rollout takes."""

    @property
    def total_requests(self) -> Resources:
        return self.requests * self.pods

    @property
    def total_limits(self) -> Resources:
        return self.limits * self.pods

    @property
    def surge_requests(self) -> Resources:
        return self.requests * self.surge


@dataclass(frozen=True)
class Budget:
    """What the mesh needs of the Pis, and what it leaves them."""

    rows: tuple[Row, ...]
    sidecar: Row
    """One sidecar: what every injected pod costs on top of its own containers."""
    trading: Row
    """The pods that `trading.workloads` promises, each of the default size and with its sidecar."""
    pis: tuple[Node, ...]
    """The cluster's Pis as they are before the mesh comes."""

    @property
    def requests(self) -> Resources:
        return total(row.total_requests for row in self.rows)

    @property
    def limits(self) -> Resources:
        return total(row.total_limits for row in self.rows)

    @property
    def surge(self) -> Resources:
        """What is needed on top should all components roll out at once: the most a version change can ask for."""
        return total(row.surge_requests for row in self.rows)

    @property
    def capacity(self) -> Resources:
        return total(pi.free for pi in self.pis)

    @property
    def fits(self) -> bool:
        """Whether the Pis take the mesh and the surge of its largest rollout."""
        return self._left_by_rollouts() is not None

    @property
    def room(self) -> int:
        """How many sidecars still fit beside the mesh; zero where the mesh itself does not fit."""
        left = place(self.pis, [row.requests for row in self.rows for _ in range(row.pods)])
        return 0 if left is None else fitting(left, self.sidecar.requests)

    @property
    def promised(self) -> int:
        """How many of the pods that `trading.workloads` promises fit beside the mesh and the surge of its rollouts."""
        left = self._left_by_rollouts()
        return 0 if left is None else min(self.trading.pods, fitting(left, self.trading.requests))

    def _left_by_rollouts(self) -> list[Node] | None:
        return place(self.pis, [row.requests for row in self.rows for _ in range(row.pods + row.surge)])


def of(mesh: Inventory) -> Budget:
    """Return the budget of an inventory, on Pis as `cluster.node` describes them."""
    sidecar = _row("sidecar", mesh.settings.proxy.resources, pods=1, surge=0)
    rows = (_row(one.title, one.resources, one.pods, one.surge) for one in mesh.workloads)
    return Budget(tuple(rows), sidecar, trading(mesh.settings), pis(mesh.settings.cluster))


def trading(settings: Settings) -> Row:
    """Return the row of trading's own pods, which its ResourceQuota counts too."""
    requests, limits = trading_pod(settings)
    return Row("trading workloads", settings.trading.workloads, requests, limits, surge=0)


def pis(cluster: ClusterSettings) -> tuple[Node, ...]:
    """The nodes that the settings promise, with nothing on them yet."""
    return tuple(
        Node(f"pi-{number}", cluster.node.resources, cluster.node.pods) for number in range(1, cluster.nodes + 1)
    )


def total(resources: Iterable[Resources]) -> Resources:
    return sum(resources, start=ZERO)


def _row(component: str, profile: ResourceProfile, pods: int, surge: int) -> Row:
    return Row(component, pods, profile.requests.resources, profile.limits.resources, surge)
