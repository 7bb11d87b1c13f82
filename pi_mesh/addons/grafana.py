"""Grafana, with dashboards of the mesh."""

from typing import ClassVar

from pi_mesh.addons.addon import NO_SIDECAR, Addon, ChartVersion, MeshContext
from pi_mesh.addons.prometheus import Prometheus
from pi_mesh.catalog.istio import facts_of
from pi_mesh.model import HelmValues, ResourceProfile, profile

FOLDER, OWN = "istio", "pi-mesh"
"""Folders of Istio's dashboards and of this program's."""
DASHBOARDS = "grafana-dashboards"
"""Name of the ConfigMap with this program's dashboards."""


class Grafana(Addon):
    """Grafana with dashboards of the mesh, the gateways, the workloads and the Pis, from a ConfigMap."""

    name: ClassVar[str] = "grafana"
    chart: ClassVar[str] = "grafana"
    # Moved from grafana.github.io in January 2026: https://github.com/grafana-community/helm-charts
    repository: ClassVar[str] = "https://grafana-community.github.io/helm-charts"
    port: ClassVar[int] = 3000
    needs: ClassVar[tuple[str, ...]] = ("prometheus",)

    # renovate: datasource=helm depName=grafana registryUrl=https://grafana-community.github.io/helm-charts
    version: ChartVersion | None = "12.11.1"  # Grafana 13.2
    """Version of the Grafana chart."""
    resources: ResourceProfile = profile("50m", "192Mi", "300m", "384Mi")
    istio_dashboards: bool = False
    """Also have Istio's own dashboards, which the pod downloads from the internet when it starts."""

    def helm_values(self, mesh: MeshContext) -> HelmValues:
        """Return the values. The chart generates the admin password itself, in the Secret `grafana`."""
        resources = self.resources.to_kubernetes()
        folders = (OWN, FOLDER) if self.istio_dashboards else (OWN,)
        return {
            "resources": resources,
            "nodeSelector": mesh.node_selector,
            "podLabels": NO_SIDECAR,
            "service": {"port": self.port},
            "rbac": {"create": False},
            "testFramework": {"enabled": False},
            # Recreate avoids two pods at once, for which a Pi has no memory.
            "deploymentStrategy": {"type": "Recreate"},
            "datasources": {"datasources.yaml": {"apiVersion": 1, "datasources": _sources(mesh)}},
            "dashboardProviders": {
                "dashboardproviders.yaml": {"apiVersion": 1, "providers": [_provider(folder) for folder in folders]}
            },
            "dashboardsConfigMaps": {OWN: DASHBOARDS},
            **(self._downloaded(mesh, resources) if self.istio_dashboards else {}),
        }

    def _downloaded(self, mesh: MeshContext, resources: object) -> HelmValues:
        return {
            "dashboards": {FOLDER: {name: {"url": url} for name, url in dashboards(mesh.istio_version).items()}},
            "downloadDashboards": {"resources": resources},
            # The chart's own options skip the verification of certificates.
            "defaultCurlOptions": "-sf --retry 5",
        }


def dashboards(istio: str) -> dict[str, str]:
    """Return the dashboards of an Istio release by name, each an address pinned to the release's tag."""
    minor = facts_of(istio).minor
    mesh, pilot = ".gen" if minor >= 24 else "", ".gen" if minor >= 23 else ""
    files = {
        "mesh": f"istio-mesh-dashboard{mesh}",
        "service": "istio-service-dashboard",
        "workload": "istio-workload-dashboard",
        "control-plane": f"pilot-dashboard{pilot}",
    }
    folder = f"https://raw.githubusercontent.com/istio/istio/{istio}/manifests/addons/dashboards"
    return {name: f"{folder}/{file}.json" for name, file in files.items()}


def _sources(mesh: MeshContext) -> list[HelmValues]:
    prometheus = mesh.enabled["prometheus"]
    assert isinstance(prometheus, Prometheus)
    metrics: HelmValues = {
        "name": "Prometheus",
        "type": "prometheus",
        "uid": "prometheus",
        "url": mesh.address("prometheus"),
        "isDefault": True,
        "jsonData": {"timeInterval": prometheus.scrape_interval},
    }
    if "jaeger" not in mesh.enabled:
        return [metrics]
    return [metrics, {"name": "Jaeger", "type": "jaeger", "url": mesh.address("jaeger")}]


def _provider(folder: str) -> HelmValues:
    title, options = "Istio" if folder == FOLDER else "Mesh", {"path": f"/var/lib/grafana/dashboards/{folder}"}
    return {"name": folder, "folder": title, "type": "file", "options": options}
