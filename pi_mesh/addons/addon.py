"""What all observability addons have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pi_mesh.model.base import HelmValues, Model
from pi_mesh.model.patterns import matching
from pi_mesh.model.resources import ResourceProfile

ChartVersion = Annotated[str, matching(r"^[0-9]+\.[0-9]+\.[0-9]+$", 'an exact chart version such as "29.27.0"')]

NO_SIDECAR = {"sidecar.istio.io/inject": "false"}
"""A label: Prometheus asks proxies on a port outside mutual TLS, and a sidecar would cost as much as the addon."""

OFF: HelmValues = {"enabled": False}


@dataclass(frozen=True)
class MeshContext:
    """The mesh around an addon."""

    namespace: str
    """Where istiod and the addons run."""
    istio_version: str
    node_selector: Mapping[str, object]
    pull_policy: str
    enabled: "Mapping[str, Addon]" = field(default_factory=dict)
    """The addons that are switched on, by name."""

    def host(self, name: str) -> str:
        """Return the name of an addon's Service inside the cluster."""
        return f"{name}.{self.namespace}.svc.cluster.local"

    def address(self, name: str) -> str:
        """Return the URL at which an addon is reached inside the cluster."""
        return f"http://{self.host(name)}:{self.enabled[name].port}"


class Addon(Model):
    """One chart with one Deployment of one pod, named after the addon, in the control plane's namespace."""

    name: ClassVar[str]
    """Key under `observability`, Helm release, Deployment and Service."""
    chart: ClassVar[str]
    repository: ClassVar[str]
    """The project's own chart repository."""
    port: ClassVar[int]
    """Port of the Service, the one of the Ansible role's port-forward."""
    surge: ClassVar[int] = 0
    """Pods beside the old one in a rollout: none where the old pod goes before the new one comes."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Addons that must be switched on too."""

    enabled: bool = False
    """Install it."""
    version: ChartVersion | None = None
    """Version of the chart."""
    resources: ResourceProfile
    """Requests and limits of its one container."""
    values: HelmValues = {}
    """Extra values of its chart, merged last; may not contradict a typed setting."""

    def chart_version(self, istio_version: str) -> str:  # noqa: ARG002 - Kiali's follows Istio's
        """Return the version of the chart beside an Istio version."""
        assert self.version is not None  # a subclass has a default, or a rule of its own
        return self.version

    def helm_values(self, mesh: MeshContext) -> dict[str, object]:
        """Return the values that the settings give, without the extra ones."""
        raise NotImplementedError
