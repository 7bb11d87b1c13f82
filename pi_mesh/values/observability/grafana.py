"""Helm values of the chart `grafana`."""

from pi_mesh.catalog import addons
from pi_mesh.settings import Settings
from pi_mesh.values.extra import Values
from pi_mesh.values.observability.shared import NO_SIDECAR, PORTS, address
from pi_mesh.values.placement import node_selector

FOLDER = "istio"


def helm_values(settings: Settings) -> Values:
    """The chart makes up the admin's password itself, in the Secret `grafana`."""
    resources = settings.observability.grafana.resources.to_kubernetes()
    return {
        "resources": resources,
        "nodeSelector": node_selector(settings),
        "podLabels": NO_SIDECAR,
        "service": {"port": PORTS["grafana"]},
        "rbac": {"create": False},
        "testFramework": {"enabled": False},
        # Never two at once: a Pi has no room to spare.
        "deploymentStrategy": {"type": "Recreate"},
        "datasources": {"datasources.yaml": {"apiVersion": 1, "datasources": _sources(settings)}},
        "dashboardProviders": {"dashboardproviders.yaml": {"apiVersion": 1, "providers": [_provider()]}},
        "dashboards": {FOLDER: {name: {"url": url} for name, url in addons.dashboards(settings.istio.version).items()}},
        "downloadDashboards": {"resources": resources},
        # The chart's own skips the check of certificates.
        "defaultCurlOptions": "-sf --retry 5",
    }


def _sources(settings: Settings) -> list[Values]:
    prometheus: Values = {
        "name": "Prometheus",
        "type": "prometheus",
        "url": address(settings, "prometheus"),
        "isDefault": True,
        "jsonData": {"timeInterval": settings.observability.prometheus.scrape_interval},
    }
    jaeger: Values = {"name": "Jaeger", "type": "jaeger", "url": address(settings, "jaeger")}
    return [prometheus, jaeger] if settings.observability.jaeger.enabled else [prometheus]


def _provider() -> Values:
    options = {"path": f"/var/lib/grafana/dashboards/{FOLDER}"}
    return {"name": FOLDER, "folder": "Istio", "type": "file", "options": options}
