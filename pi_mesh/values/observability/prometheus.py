"""Helm values of the chart `prometheus`."""

from pi_mesh.settings import Settings
from pi_mesh.values.extra import Values
from pi_mesh.values.observability.shared import NO_SIDECAR, PORTS
from pi_mesh.values.placement import node_selector

PARTS_OFF = ("alertmanager", "kube-state-metrics", "prometheus-node-exporter", "prometheus-pushgateway")
JOBS_OFF = ("kubernetes-api-servers", "kubernetes-nodes", "kubernetes-nodes-cadvisor")
"""The cluster's own metrics: ten times those of a small mesh."""


def helm_values(settings: Settings) -> Values:
    wanted = settings.observability.prometheus
    off = {"enabled": False}
    return {
        **dict.fromkeys(PARTS_OFF, off),
        "configmapReload": {"prometheus": off},
        "scrapeConfigs": dict.fromkeys(JOBS_OFF, off),
        # The identity that the role's AuthorizationPolicy names.
        "serviceAccounts": {"server": {"name": "prometheus"}},
        "server": {
            "fullnameOverride": "prometheus",
            "resources": wanted.resources.to_kubernetes(),
            "nodeSelector": node_selector(settings),
            "podLabels": NO_SIDECAR,
            "service": {"servicePort": PORTS["prometheus"]},
            "global": {"scrape_interval": wanted.scrape_interval},
            "retention": wanted.retention,
            "persistentVolume": {"enabled": True, "size": str(wanted.storage)} if wanted.storage else off,
        },
    }
