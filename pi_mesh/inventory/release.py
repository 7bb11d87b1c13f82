"""A Helm release of the mesh, and the Deployments of its chart."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pi_mesh.catalog.footprint import Growth
from pi_mesh.model import ResourceProfile
from pi_mesh.names import Namespaced
from pi_mesh.selectors import matches
from pi_mesh.settings.releases import ChartSettings
from pi_mesh.values import helm_values
from pi_mesh.values.helm_values import Values
from pi_mesh.values.istio import MAX_SURGE_PERCENT


class Kind(StrEnum):
    """Kind of a release, which decides the component that installs it and its place in the order."""

    BASE = "base"
    ISTIOD = "istiod"
    CANARY = "canary"
    GATEWAY = "gateway"
    CERT_MANAGER = "cert-manager"
    ADDON = "addon"


@dataclass(frozen=True)
class Workload(Namespaced):
    """A Deployment of a release, and the resources of its one container."""

    name: str
    """Name of the Deployment and of its Service."""
    namespace: str
    title: str
    """Name in the budget's tables."""
    setting: str
    """Config key of the workload's branch."""
    resources: ResourceProfile
    selector: Mapping[str, str]
    """Labels of the workload's pods."""
    surge: int
    """Extra pods while a rollout runs."""
    pods: int = 1
    """Number of replicas, or the autoscaler's maximum."""
    autoscaled: bool = False
    service_type: str | None = "ClusterIP"
    """Type of its Service in the settings; None for a workload without a Service."""
    growth: Growth | None = None
    """Growth of its memory with the cluster's services; None if the workload does not depend on them."""

    def has_pod(self, namespace: str, labels: Mapping[str, str]) -> bool:
        return namespace == self.namespace and matches(self.selector, labels)


@dataclass(frozen=True)
class Release(Namespaced):
    """One Helm release: components install it, previews render it, checks compare it."""

    kind: Kind
    name: str
    """Name of the release; for a gateway also of its Deployment and Service."""
    namespace: str
    chart: str
    version: str
    """Version of the chart."""
    source: ChartSettings
    """Repository, registry or directory of the chart."""
    source_setting: str
    """Config key of the chart's source."""
    setting: str
    """Config key of the release's branch."""
    typed: Values
    """Values that typed settings give."""
    extra: Values = field(default_factory=dict)
    """Values as written in the stack file."""
    workloads: tuple[Workload, ...] = ()
    images: str = ""
    """Version of the images, if it differs from the chart's."""
    component: str = ""
    """Name of the component that installs it, if it differs from the release's, which releases.names can change."""
    sha256: str = ""
    """Sum of the chart in the chart lock; empty if the stack is not locked, or the chart not listed."""

    @property
    def resource(self) -> str:
        """Return the name of its resource in the state."""
        return f"{self.component or self.name}-release"

    @property
    def values(self) -> Values:
        """Return all values that Helm gets."""
        return helm_values.merge(self.typed, self.extra)

    @property
    def image_version(self) -> str:
        return self.images or self.version

    @property
    def package(self) -> str:
        """Return the path of the packaged chart in a directory source."""
        return self.source.package(self.chart, self.version)

    def contradictions(self) -> Iterator[str]:
        """Yield a line for each extra value that differs from a typed setting."""
        path = f"{self.setting}.values"
        yield from helm_values.contradictions(self.typed, self.extra, path)
        # Since 1.24 istiod's chart reads the keys of `pilot.` at its root too, and the typed values win silently.
        if isinstance(pilot := self.typed.get("pilot"), dict):
            yield from helm_values.contradictions(pilot, self.extra, path)


def surge_pods(replicas: int) -> int:
    """Return the extra pods while a rollout runs: the surge percentage, rounded up as Kubernetes does."""
    return -(-replicas * MAX_SURGE_PERCENT // 100)
