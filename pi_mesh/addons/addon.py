"""Base class of all observability addons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pi_mesh.model import ExtraValues, HelmValues, Model, ResourceProfile, matching

ChartVersion = Annotated[str, matching(r"^[0-9]+\.[0-9]+\.[0-9]+$", 'an exact chart version such as "29.27.0"')]

NO_SIDECAR = {"sidecar.istio.io/inject": "false"}
"""Label that keeps the sidecar away: Prometheus scrapes proxies on a port outside mutual TLS, and a sidecar would cost
as much as the addon."""

OFF: HelmValues = {"enabled": False}


@dataclass(frozen=True)
class MeshContext:
    """The mesh that an addon belongs to."""

    namespace: str
    """Namespace in which istiod and the addons run."""
    istio_version: str
    node_selector: Mapping[str, object]
    pull_policy: str
    enabled: "Mapping[str, Addon]" = field(default_factory=dict)
    """The enabled addons, by name."""
    ingress: str = ""
    """Name of the ingress gateway's Deployment."""
    ingress_namespace: str = ""
    certificate_seconds: int = 0
    """Lifetime of a workload's certificate."""

    def host(self, name: str) -> str:
        """Return the name of an addon's Service inside the cluster."""
        return f"{name}.{self.namespace}.svc.cluster.local"

    def address(self, name: str) -> str:
        return self.enabled[name].address_in(self)


class Addon(Model):
    """One chart with one Deployment of one pod, named after the addon, in the control plane's namespace."""

    name: ClassVar[str]
    """Key under `observability`, and name of the Helm release, the Deployment and the Service."""
    chart: ClassVar[str]
    repository: ClassVar[str]
    """The addon project's own chart repository."""
    port: ClassVar[int]
    """Port of the Service, the same as in the Ansible role's port-forward."""
    surge: ClassVar[int] = 0
    """Pods that a rollout adds; none if the old pod stops before the new one starts."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Addons that must be enabled too."""

    enabled: bool = False
    """Install this addon."""
    version: ChartVersion | None = None
    """Version of the addon's chart."""
    resources: ResourceProfile
    """Requests and limits of the addon's one container."""
    values: ExtraValues = {}
    """Extra values of the addon's chart, merged last; they may not contradict a typed setting."""

    @property
    def is_installed(self) -> bool:
        """Return True if this stack installs the chart; False for an addon that the cluster has already."""
        return True

    def address_in(self, mesh: MeshContext) -> str:
        return f"http://{mesh.host(self.name)}:{self.port}"

    def chart_version(self, istio_version: str) -> str:  # noqa: ARG002 - Kiali's version follows Istio's
        assert self.version is not None  # a subclass has a default, or overrides this method
        return self.version

    def helm_values(self, mesh: MeshContext) -> dict[str, object]:
        """Return the values that the settings give, without the extra values."""
        raise NotImplementedError
