"""Kiali, the console that draws the mesh as a graph."""

from typing import ClassVar

from pi_mesh.addons.addon import NO_SIDECAR, OFF, Addon, ChartVersion, MeshContext
from pi_mesh.catalog.istio import facts_of
from pi_mesh.model import HelmValues, ResourceProfile, profile

VERSIONS = {
    20: "1.76.0",
    21: "1.79.0",
    22: "1.86.0",
    23: "1.87.0",
    24: "2.0.0",
    25: "2.5.0",
    26: "2.8.0",
    27: "2.12.0",
    28: "2.17.0",
    29: "2.21.0",
    30: "2.26.0",
    31: "2.27.0",
}
"""Kiali version by Istio minor, as shipped with its newest patch (samples/addons/kiali.yaml at the release tags)."""


class Kiali(Addon):
    """Kiali, the console that draws the mesh as a graph."""

    name: ClassVar[str] = "kiali"
    chart: ClassVar[str] = "kiali-server"
    repository: ClassVar[str] = "https://kiali.org/helm-charts"
    port: ClassVar[int] = 20000
    surge: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ("prometheus",)

    version: ChartVersion | None = None
    """Version of the Kiali chart; by default the version that Istio ships for `istio.version`."""
    resources: ResourceProfile = profile("50m", "128Mi", "200m", "256Mi")

    def chart_version(self, istio_version: str) -> str:
        return self.version or VERSIONS[facts_of(istio_version).minor]

    def helm_values(self, mesh: MeshContext) -> HelmValues:
        return {
            # Users log in with a token of the cluster, so Kiali shows nobody more than the cluster would.
            "auth": {"strategy": "token"},
            "deployment": {
                "resources": self.resources.to_kubernetes(),
                "node_selector": mesh.node_selector,
                "pod_labels": NO_SIDECAR,
                "image_pull_policy": mesh.pull_policy,
            },
            "server": {"port": self.port},
            # Kiali 1 would read the CA's Secrets, including the key, to show how long certificates are valid. Kiali 2
            # no longer has that: https://github.com/kiali/helm-charts/pull/285
            **({"kiali_feature_flags": {"certificates_information_indicators": OFF}} if self._is_older(mesh) else {}),
            "external_services": {
                "istio": {"root_namespace": mesh.namespace},
                "prometheus": {"url": mesh.address("prometheus")},
                "grafana": self._service(mesh, "grafana"),
                "tracing": self._service(mesh, "jaeger", use_grpc=False),
            },
        }

    def _is_older(self, mesh: MeshContext) -> bool:
        """Return True for a version before 2."""
        return self.chart_version(mesh.istio_version).startswith("1.")

    def _service(self, mesh: MeshContext, name: str, **more: object) -> HelmValues:
        if name not in mesh.enabled:
            return OFF
        # Kiali 2 renamed this key.
        key = "in_cluster_url" if self._is_older(mesh) else "internal_url"
        return {"enabled": True, key: mesh.address(name), **more}
