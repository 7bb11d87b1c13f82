"""The dashboards in `pi_mesh/monitoring/grafana/`, and the ConfigMap of them that Grafana's pod mounts."""

from collections.abc import Mapping
from pathlib import Path

from pi_mesh.addons.grafana import DASHBOARDS, Grafana
from pi_mesh.settings import Settings
from pi_mesh.values.objects import Object

FOLDER = Path(__file__).parents[1] / "monitoring" / "grafana"
FILES = tuple(FOLDER / f"{name}.json" for name in ("mesh", "gateways", "trading", "pis"))
"""Dashboards as Grafana exports them, but for the names below."""
INGRESS, EGRESS, WORKLOADS = "@ingress@", "@egress@", "@workloads@"
"""Names in the files that differ between meshes; `with_names` replaces them."""


def names(settings: Settings) -> dict[str, str]:
    """Return the names of this mesh for the dashboards' queries."""
    called = settings.releases.names
    workloads = "|".join(namespace.name for namespace in settings.workload_namespaces)
    return {INGRESS: called.ingress, EGRESS: called.egress, WORKLOADS: workloads}


def config_maps(settings: Settings) -> list[Object]:
    """Return the dashboards' ConfigMap; none without Grafana."""
    if Grafana.name not in settings.observability.enabled():
        return []
    known = names(settings)
    data = {file.name: with_names(file.read_text(encoding="utf-8"), known) for file in FILES}
    metadata = {"name": DASHBOARDS, "namespace": settings.istio.namespace}
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}]


def with_names(content: str, known: Mapping[str, str]) -> str:
    """Return the content with the names of one mesh."""
    for token, name in known.items():
        content = content.replace(token, name)
    return content
