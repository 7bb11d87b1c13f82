"""Helm values of the chart `kiali-server`, of 1.76 (Istio 1.20) to the newest."""

from pi_mesh.catalog.addons import kiali_for
from pi_mesh.settings import Settings
from pi_mesh.values.extra import Values
from pi_mesh.values.observability.shared import NO_SIDECAR, PORTS, address
from pi_mesh.values.placement import node_selector


def helm_values(settings: Settings) -> Values:
    return {
        # A token of the cluster, so that Kiali shows nobody more than the cluster would.
        "auth": {"strategy": "token"},
        "deployment": {
            "resources": settings.observability.kiali.resources.to_kubernetes(),
            "node_selector": node_selector(settings),
            "pod_labels": NO_SIDECAR,
            "image_pull_policy": settings.images.pull_policy,
        },
        "server": {"port": PORTS["kiali"]},
        "external_services": {
            "istio": {"root_namespace": settings.istio.namespace},
            "prometheus": {"url": address(settings, "prometheus")},
            "grafana": _service(settings, "grafana", settings.observability.grafana.enabled),
            "tracing": _service(settings, "jaeger", settings.observability.jaeger.enabled, use_grpc=False),
        },
    }


def _service(settings: Settings, name: str, enabled: bool, **more: object) -> Values:
    if not enabled:
        return {"enabled": False}
    version = settings.observability.kiali.version or kiali_for(settings.istio.version)
    # Renamed in Kiali 2.
    key = "in_cluster_url" if version.startswith("1.") else "internal_url"
    return {"enabled": True, key: address(settings, name), **more}
