"""Charts from a directory must lie there, before anything is touched; repositories are asked by the provider."""

from collections.abc import Iterator
from pathlib import Path

from pi_mesh.checks.finding import Finding, error, ok, setting
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings

ID, CHARTS = "charts", ("base", "istiod", "gateway")


def check(settings: Settings, snapshot: Snapshot) -> Iterator[Finding]:  # noqa: ARG001 - a check like the others
    source, version = settings.charts, settings.istio.version
    if not source.is_directory:
        yield ok(ID, setting("charts.source"), source.source)
        return
    missing = [path for chart in CHARTS if not Path(path := source.package(chart, version)).is_file()]
    if missing:
        fix = f"put the charts of Istio {version} there, or set istio.version to one that is there"
        yield error(ID, setting("charts.source"), f"{', '.join(missing)} is not there", fix)
    else:
        yield ok(ID, setting("charts.source"), f"{source.source} has the charts of {version}")
