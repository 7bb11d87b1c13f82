"""The ConfigMap with the dashboards that Grafana's pod mounts."""

from pi_mesh.addons.grafana import DASHBOARDS, Grafana
from pi_mesh.monitoring import dashboard
from pi_mesh.monitoring.dashboards import ALL
from pi_mesh.settings import Settings
from pi_mesh.values.objects import Object


def names(settings: Settings) -> dict[str, str]:
    """Return the names of this mesh for the dashboards' queries."""
    called = settings.releases.names
    workloads = "|".join(namespace.name for namespace in settings.workload_namespaces)
    return {dashboard.INGRESS: called.ingress, dashboard.EGRESS: called.egress, dashboard.WORKLOADS: workloads}


def config_maps(settings: Settings) -> list[Object]:
    """Return the dashboards' ConfigMap; none without Grafana."""
    if Grafana.name not in settings.observability.enabled():
        return []
    known = names(settings)
    data = {page.file.name: dashboard.text(page, known) for page in ALL}
    metadata = {"name": DASHBOARDS, "namespace": settings.istio.namespace}
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}]
