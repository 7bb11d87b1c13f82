"""The queries of the dashboards, read from the files that Grafana reads."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pi_mesh.monitoring.alerts import with_names


@dataclass(frozen=True)
class Query:
    """One query of a panel."""

    panel: str
    expression: str

    @property
    def reads_istios_metrics(self) -> bool:
        """Return True for Istio's standard metrics, which only Istio's own build of Envoy has."""
        return "istio_re" in self.expression


def queries(file: Path, names: Mapping[str, str]) -> Iterator[Query]:
    """Yield the queries of a dashboard, with the names of one mesh."""
    for panel in json.loads(with_names(file.read_text(), names))["panels"]:
        for target in panel["targets"]:
            yield Query(panel["title"], target["expr"])
