"""A dashboard of Grafana: its panels and their queries."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "grafana"
"""Folder of the files that Grafana reads, which `lab/dashboards.py` writes with Grafana's SDK."""
INGRESS, EGRESS, WORKLOADS = "@ingress@", "@egress@", "@workloads@"
"""Names that differ between meshes; `text` replaces them."""
POD, OBJECT = "{{pod}}", "{{namespace}}/{{pod}}"
"""Legends of lines."""


@dataclass(frozen=True)
class Panel:
    """One chart of a dashboard."""

    title: str
    unit: str
    """Unit of Grafana: "reqps", "percent", "ms", "bytes", "s", "short"."""
    queries: Mapping[str, str]
    """PromQL by the legend of its lines; `{{label}}` is filled in by Grafana."""
    istio_metrics: bool = False
    """True if it reads Istio's standard metrics, which only Istio's own build of Envoy has."""


@dataclass(frozen=True)
class Dashboard:
    """One page of Grafana, whose file has its name."""

    name: str
    title: str
    panels: tuple[Panel, ...]

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.json"

    def queries(self, names: Mapping[str, str]) -> Iterator[tuple[Panel, str]]:
        """Yield each query with its panel, with the names of one mesh."""
        for panel in self.panels:
            for query in panel.queries.values():
                yield panel, _named(query, names)


def text(dashboard: Dashboard, names: Mapping[str, str]) -> str:
    """Return the dashboard as JSON for a mesh; `names` has a value for each of the names that differ."""
    return _named(dashboard.file.read_text(encoding="utf-8"), names)


def _named(content: str, names: Mapping[str, str]) -> str:
    for token, name in names.items():
        content = content.replace(token, name)
    return content
