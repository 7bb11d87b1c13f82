"""The packaged charts of a locked stack: fetched, read, compared with the lock, and kept beside it."""

import io
import tarfile
from collections.abc import Mapping
from hashlib import sha256
from math import inf
from pathlib import Path

import yaml

from operations.charts import chart_sources
from operations.charts.chart_sources import ChartUnavailableError
from pi_mesh.checks.finding import Subject
from pi_mesh.inventory.chart_lock import FILE, ChartLock, LockedChart, sum_of

ID = "charts"
HEADER = """\
# The SHA-256 sums of the charts that each stack may install. `python -m operations charts lock -s STACK` writes them;
# review and commit them. A stack that is not in here trusts its charts unseen. docs/charts.md says more.
"""


class ChangedChartError(Exception):
    """A chart differs from the locked one; the text has both sums."""


def subject(chart: str, version: str) -> Subject:
    """Return a chart as the subject of a finding."""
    return Subject("chart", f"{chart} {version}")


def fetched(source: str, chart: str, version: str) -> tuple[LockedChart, bytes]:
    """Return a chart as its source has it now, with its sum. Raises ChartUnavailableError."""
    content = chart_sources.read(source, chart, version)
    named = _metadata(content)
    if (named.get("name"), str(named.get("version"))) != (chart, version):
        raise ChartUnavailableError(f"{source} answers with the chart {named.get('name')} {named.get('version')}")
    entry = LockedChart(chart=chart, version=version, source=source, sha256=sha256(content).hexdigest())
    return entry, content


def refuse_change(entry: LockedChart, known: ChartLock) -> None:
    """Raise ChangedChartError where any stack has another sum of the same file, or of the same chart of the source."""
    for stack, others in known.stacks.items():
        for other in others:
            same_file = other.package == entry.package
            same_source = (other.source, other.chart, other.version) == (entry.source, entry.chart, entry.version)
            if (same_file or same_source) and other.sha256 != entry.sha256:
                raise ChangedChartError(
                    f"{entry.source} has sha256 {entry.sha256}, {FILE} has {other.sha256} ({stack})"
                )


def restore(entry: LockedChart) -> bool:
    """Fetch a locked chart into its place; return False where it exists already.

    Raises ChangedChartError where its source has another chart now, and ChartUnavailableError.
    """
    if sum_of(entry.package) == entry.sha256:
        return False
    now, content = fetched(entry.source, entry.chart, entry.version)
    if now.sha256 != entry.sha256:
        raise ChangedChartError(f"{entry.source} has sha256 {now.sha256}, {FILE} has {entry.sha256}")
    keep(entry, content)
    return True


def keep(entry: LockedChart, content: bytes) -> None:
    """Write a chart to its place in one step."""
    if sum_of(entry.package) == entry.sha256:
        return
    _replace(Path(entry.package), content)


def write(known: ChartLock, stack: str, entries: tuple[LockedChart, ...]) -> None:
    """Write the lock with these charts for one stack, keeping the entries of other stacks."""
    stacks = {**known.stacks, stack.rpartition("/")[2]: entries}
    content = {
        name: [entry.model_dump() for entry in sorted(charts, key=lambda one: (one.chart, one.version))]
        for name, charts in sorted(stacks.items())
    }
    text = yaml.safe_dump({"stacks": content}, sort_keys=False, width=inf)
    _replace(Path(FILE), (HEADER + text).encode())


def _replace(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.partial")
    partial.write_bytes(content)
    partial.replace(file)


def _metadata(content: bytes) -> Mapping[str, object]:
    """Return the metadata of a packaged chart. Raises ChartUnavailableError for any other content."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                if member.name.count("/") == 1 and member.name.endswith("/Chart.yaml"):
                    file = archive.extractfile(member)
                    return yaml.safe_load(file.read()) if file else {}
    except (tarfile.TarError, EOFError, yaml.YAMLError, OSError) as error:
        raise ChartUnavailableError(f"the content is no packaged chart: {' '.join(str(error).split())}") from None
    raise ChartUnavailableError("the content is no packaged chart: it has no Chart.yaml")
