"""The dashboards of Grafana: files as Grafana exports them, but for names that differ between meshes."""

from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent / "grafana"
FILES = tuple(FOLDER / f"{name}.json" for name in ("mesh", "gateways", "trading", "pis"))
INGRESS, EGRESS, WORKLOADS = "@ingress@", "@egress@", "@workloads@"
"""Names in the files that `with_names` replaces."""


def with_names(content: str, names: Mapping[str, str]) -> str:
    """Return a file's content with the names of one mesh."""
    for token, name in names.items():
        content = content.replace(token, name)
    return content
