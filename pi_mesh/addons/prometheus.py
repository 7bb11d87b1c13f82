"""Prometheus, for metrics of the mesh."""

from typing import Annotated, ClassVar

from pi_mesh.addons.addon import NO_SIDECAR, OFF, Addon, ChartVersion, MeshContext
from pi_mesh.model.base import HelmValues
from pi_mesh.model.patterns import matching
from pi_mesh.model.quantity import Memory
from pi_mesh.model.resources import ResourceProfile, profile

PARTS_OFF = ("alertmanager", "kube-state-metrics", "prometheus-node-exporter", "prometheus-pushgateway")
JOBS_OFF = ("kubernetes-api-servers", "kubernetes-nodes", "kubernetes-nodes-cadvisor")
"""Scrape jobs for the cluster's own metrics, which are ten times those of a small mesh."""


class Prometheus(Addon):
    """Prometheus for the mesh's metrics alone; those of the whole cluster would not fit on a Pi."""

    name: ClassVar[str] = "prometheus"
    chart: ClassVar[str] = "prometheus"
    repository: ClassVar[str] = "https://prometheus-community.github.io/helm-charts"
    port: ClassVar[int] = 9090

    # renovate: datasource=helm depName=prometheus registryUrl=https://prometheus-community.github.io/helm-charts
    version: ChartVersion | None = "29.27.0"  # Prometheus 3.14
    """Version of the Prometheus chart."""
    resources: ResourceProfile = profile("100m", "256Mi", "500m", "512Mi")
    retention: Annotated[str, matching(r"^[1-9][0-9]*[hd]$", 'hours or days such as "24h" or "7d"')] = "24h"
    """Time for which metrics are kept."""
    scrape_interval: Annotated[str, matching(r"^[1-9][0-9]*[sm]$", 'a time such as "30s" or "1m"')] = "30s"
    """Time between two scrapes of a proxy."""
    storage: Memory | None = None
    """Size of a volume that outlives the pod. Without it metrics are lost with the pod, which spares the SD card."""

    def helm_values(self, mesh: MeshContext) -> HelmValues:
        volume = {"enabled": True, "size": str(self.storage)} if self.storage else OFF
        return {
            **dict.fromkeys(PARTS_OFF, OFF),
            "configmapReload": {"prometheus": OFF},
            "scrapeConfigs": dict.fromkeys(JOBS_OFF, OFF),
            # This is the identity that the Ansible role's AuthorizationPolicy names.
            "serviceAccounts": {"server": {"name": "prometheus"}},
            "server": {
                "fullnameOverride": self.name,
                "resources": self.resources.to_kubernetes(),
                "nodeSelector": mesh.node_selector,
                "podLabels": NO_SIDECAR,
                "service": {"servicePort": self.port},
                "global": {"scrape_interval": self.scrape_interval},
                "retention": self.retention,
                "persistentVolume": volume,
            },
        }
