"""A Helm release of the mesh, and the Deployments that it brings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pi_mesh.catalog.footprint import Growth
from pi_mesh.model.resources import ResourceProfile
from pi_mesh.settings.sources import ChartSettings
from pi_mesh.values import extra, origins
from pi_mesh.values.extra import Values
from pi_mesh.values.istio import MAX_SURGE_PERCENT


class Kind(StrEnum):
    """What a release is to the mesh: it decides which component installs it, and after what."""

    BASE = "base"
    ISTIOD = "istiod"
    CANARY = "canary"
    GATEWAY = "gateway"
    CERT_MANAGER = "cert-manager"
    ADDON = "addon"


@dataclass(frozen=True)
class Workload:
    """A Deployment of a release, and what its one container may use."""

    name: str
    """Name of the Deployment and of its Service."""
    namespace: str
    title: str
    """Name in the budget's tables."""
    setting: str
    """Key of its branch in the settings."""
    resources: ResourceProfile
    selector: Mapping[str, str]
    """Labels of its pods."""
    pods: int = 1
    """Replicas, or the autoscaler's maximum."""
    surge: int = 0
    """Further pods for as long as a rollout takes."""
    autoscaled: bool = False
    service_type: str | None = "ClusterIP"
    """Type of its Service as the settings ask for it; None where it has none."""
    growth: Growth | None = None
    """How its memory grows with the cluster's services; None where it is not told of them."""

    def has_pod(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Return True for a pod of this Deployment."""
        return namespace == self.namespace and self.selector.items() <= labels.items()


@dataclass(frozen=True)
class Release:
    """One Helm release, whole: components install it, previews render it, checks compare it."""

    kind: Kind
    name: str
    """Name of the release; of a gateway also that of its Deployment and Service."""
    namespace: str
    chart: str
    version: str
    """Version of the chart."""
    source: ChartSettings
    """Where the chart comes from."""
    source_setting: str
    """Key of the source in the settings."""
    setting: str
    """Key of its branch in the settings."""
    typed: Values
    """Values that typed settings give."""
    extra: Values = field(default_factory=dict)
    """Values as they stand in the stack file."""
    workloads: tuple[Workload, ...] = ()
    images: str = ""
    """Version of its images, where the chart has another."""
    component: str = ""
    """Name of the component that installs it, where that differs from the release's: releases.names may change."""
    sha256: str = ""
    """Sum that the chart lock has of the chart; empty where the stack is not locked, or the chart not listed."""

    @property
    def id(self) -> str:
        """NAMESPACE/NAME, as the provider and Helm identify it."""
        return f"{self.namespace}/{self.name}"

    @property
    def values(self) -> Values:
        """All values that Helm gets."""
        return extra.merge(self.typed, self.extra)

    @property
    def image_version(self) -> str:
        """Version of what it runs."""
        return self.images or self.version

    @property
    def package(self) -> str:
        """Path of the packaged chart, where the source is a directory."""
        return self.source.package(self.chart, self.version)

    def contradictions(self) -> Iterator[str]:
        """Yield a line for each extra value that differs from what a typed setting gives."""
        path = f"{self.setting}.values"
        yield from extra.contradictions(self.typed, self.extra, path)
        # Since 1.24 istiod's chart reads the keys of `pilot.` at its root too, and the typed ones win silently.
        if isinstance(pilot := self.typed.get("pilot"), dict):
            yield from extra.contradictions(pilot, self.extra, path)

    def owner(self, contradiction: str) -> str:
        """Return the config key of the typed setting that an extra value contradicts."""
        path = contradiction.partition(": ")[0].removeprefix(f"{self.setting}.values.")
        return origins.config_key(self.chart, self.setting, path, typed=True, extra=False)


def surge_pods(replicas: int) -> int:
    """Return the pods above the replicas while a rollout runs: the percentage, rounded up, as Kubernetes does."""
    return -(-replicas * MAX_SURGE_PERCENT // 100)
