"""Echo: a made-up addon, to see that one file is all that an addon takes."""

from typing import ClassVar

from pi_mesh.addons.addon import NO_SIDECAR, Addon, ChartVersion, MeshContext
from pi_mesh.model.base import HelmValues
from pi_mesh.model.resources import ResourceProfile, profile


class Echo(Addon):
    """A server that answers with what it was asked."""

    name: ClassVar[str] = "echo"
    chart: ClassVar[str] = "echo"
    repository: ClassVar[str] = "https://charts.example.org"
    port: ClassVar[int] = 8080

    version: ChartVersion | None = "1.0.0"
    """Version of the chart."""
    resources: ResourceProfile = profile("20m", "32Mi", "100m", "64Mi")

    def helm_values(self, mesh: MeshContext) -> HelmValues:
        return {
            "resources": self.resources.to_kubernetes(),
            "nodeSelector": mesh.node_selector,
            "podLabels": NO_SIDECAR,
            "port": self.port,
        }
