"""The budget of the mesh, from its settings alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pi_mesh.budget.fit import Node, place, sidecars
from pi_mesh.budget.rollout import surge_pods
from pi_mesh.quantities import ZERO, Resources
from pi_mesh.settings import Settings
from pi_mesh.settings.cluster import ClusterSettings
from pi_mesh.settings.resources import Autoscaling, ResourceProfile


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
        return place(self.pis, [row.requests for row in self.rows for _ in range(row.pods + row.surge)]) is not None

    @property
    def room(self) -> int:
        """How many sidecars still fit beside the mesh; zero where the mesh itself does not fit."""
        left = place(self.pis, [row.requests for row in self.rows for _ in range(row.pods)])
        return 0 if left is None else sidecars(left, self.sidecar.requests)


def of(settings: Settings) -> Budget:
    """The budget of these settings, on Pis as `cluster.node` describes them."""
    sidecar = Row("sidecar", 1, *_halves(settings.proxy.resources), surge=0)
    return Budget(tuple(_rows(settings)), sidecar, pis(settings.cluster))


def pis(cluster: ClusterSettings) -> tuple[Node, ...]:
    """The nodes that the settings promise, with nothing on them yet."""
    return tuple(
        Node(f"pi-{number}", cluster.node.resources, cluster.node.pods) for number in range(1, cluster.nodes + 1)
    )


def total(resources: Iterable[Resources]) -> Resources:
    return sum(resources, start=ZERO)


def _rows(settings: Settings) -> Iterator[Row]:
    istio = settings.istio
    yield _row("istiod", istio.pilot_replicas, istio.autoscaling, istio.resources)
    for name, gateway in (("ingress gateway", settings.ingress), ("egress gateway", settings.egress)):
        if gateway.enabled:
            yield _row(name, gateway.replicas, gateway.autoscaling, gateway.resources)
    if settings.vault.keyless and settings.vault.cert_manager.install:
        yield Row("cert-manager", 1, *_halves(settings.vault.cert_manager.resources), surge=1)
    for name, addon in settings.observability.enabled():
        yield Row(name, 1, *_halves(addon.resources), surge=addon.surge)


def _row(component: str, replicas: int, autoscaling: Autoscaling, resources: ResourceProfile) -> Row:
    pods = autoscaling.max_replicas if autoscaling.enabled else replicas
    return Row(component, pods, *_halves(resources), surge=surge_pods(pods))


def _halves(resources: ResourceProfile) -> tuple[Resources, Resources]:
    return resources.requests.resources, resources.limits.resources
