"""The containers of a release: the place of each one's resources in the values, and its switch."""

from collections.abc import Iterator, Mapping
from typing import Any

from .tree import at

PARTS: Mapping[str, Mapping[str, str | None]] = {
    "base": {},
    "istiod": {"pilot.resources": None, "global.proxy.resources": None},
    "gateway": {"resources": None},
    "prometheus": {
        "server.resources": None,
        "configmapReload.prometheus.resources": "configmapReload.prometheus.enabled",
        "alertmanager.resources": "alertmanager.enabled",
        "kube-state-metrics.resources": "kube-state-metrics.enabled",
        "prometheus-node-exporter.resources": "prometheus-node-exporter.enabled",
        "prometheus-pushgateway.resources": "prometheus-pushgateway.enabled",
    },
    "cert-manager": {
        "resources": None,
        "webhook.resources": "webhook.replicaCount",
        "cainjector.resources": "cainjector.enabled",
        "startupapicheck.resources": "startupapicheck.enabled",
    },
}
"""Place of each container's resources by chart, and its switch, which is on unless it is false or 0."""


def missing(chart: str | None, values: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the places of running containers whose resources are not set.

    A chart outside the table has at least one container.
    """
    parts = PARTS.get(chart or "", {} if found else {"resources": None})
    for place, switch in parts.items():
        if place not in found and not (switch and _is_off(at(values, switch))):
            yield place


def _is_off(value: object) -> bool:
    # A text "false" is true in a chart's template.
    return not isinstance(value, str) and value is not None and not value
