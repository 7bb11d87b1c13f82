"""The lock of the packaged charts: fetch the charts of a stack, compare them with it, and keep them beside it."""

import io
import tarfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from math import inf
from pathlib import Path

import yaml

from operations import stacks
from operations.charts import sources
from operations.charts.sources import ChartUnavailableError
from operations.failures import UsageError
from pi_mesh import inventory
from pi_mesh.checks.finding import Finding, Subject, error, errors, ok
from pi_mesh.inventory import Release, chart_lock
from pi_mesh.inventory.chart_lock import FILE, ChartLock, LockedChart, sum_of

ID = "charts"
HEADER = """\
# The SHA-256 sums of the charts that each stack may install. `python -m operations charts lock -s STACK` writes them;
# review and commit them. A stack that is not in here trusts its charts unseen. docs/charts.md says more.
"""


class ChangedChartError(Exception):
    """A chart differs from the locked one; the text has both sums."""


def chart_subject(chart: str, version: str) -> Subject:
    return Subject("chart", f"{chart} {version}")


def fetch_chart(source: str, chart: str, version: str, locked: str = "") -> tuple[LockedChart, bytes]:
    """Return a chart as its source has it now, with its sum.

    Raises ChartUnavailableError, and ChangedChartError for another sum than the locked one.
    """
    content = sources.read_chart(source, chart, version)
    named = _metadata(content)
    if (named.get("name"), str(named.get("version"))) != (chart, version):
        raise ChartUnavailableError(f"{source} answers with the chart {named.get('name')} {named.get('version')}")
    entry = LockedChart(chart=chart, version=version, source=source, sha256=sha256(content).hexdigest())
    if locked and entry.sha256 != locked:
        raise ChangedChartError(f"{source} has sha256 {entry.sha256}, {FILE} has {locked}")
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


def restore_chart(entry: LockedChart) -> bool:
    """Fetch a locked chart into its place; return False where it exists already.

    Raises ChangedChartError where its source has another chart now, and ChartUnavailableError.
    """
    if sum_of(entry.package) == entry.sha256:
        return False
    _, content = fetch_chart(entry.source, entry.chart, entry.version, entry.sha256)
    keep_chart(entry, content)
    return True


def keep_chart(entry: LockedChart, content: bytes) -> None:
    """Write a chart to its place in one step."""
    if sum_of(entry.package) == entry.sha256:
        return
    _replace(Path(entry.package), content)


def write_lock(known: ChartLock, stack: str, entries: tuple[LockedChart, ...]) -> None:
    """Write the lock with these charts for one stack, keeping the entries of other stacks."""
    stacks = {**known.stacks, stack.rpartition("/")[2]: entries}
    content = {
        name: [entry.model_dump() for entry in sorted(charts, key=lambda entry: (entry.chart, entry.version))]
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


UNREACHABLE = "check that the source is reachable and has that version; the lock is unchanged"
CHANGED = f"a released chart does not change: find out who changed it; to accept it, remove the old entry from {FILE}"


def lock_charts(stack: str, also: list[str]) -> list[Finding]:
    """Fetch the charts of a stack and write their sums; where one is missing or has changed, nothing is written."""
    findings: list[Finding] = []
    files: dict[LockedChart, bytes] = {}
    known = chart_lock.read_all()
    for release in _needed(stack, also):
        try:
            entry, content = fetch_chart(release.source.source, release.chart, release.version)
            refuse_change(entry, known)
        except (ChartUnavailableError, ChangedChartError) as problem:
            findings.append(_problem(release.chart, release.version, problem))
            continue
        files[entry] = content
        findings.append(
            ok(ID, chart_subject(entry.chart, entry.version), f"sha256 {entry.sha256}, from {entry.source}")
        )
    if not errors(findings):
        for entry, content in files.items():
            keep_chart(entry, content)
        write_lock(known, stack, tuple(files))
    return findings


def _needed(stack: str, also: list[str]) -> Iterator[Release]:
    """Yield a release for each chart that the settings need, with their own version of Istio and with the others."""
    versions = [stacks.load(stack), *(stacks.load_changed(stack, {"istio.version": version}) for version in also)]
    releases = [release for settings in versions for release in inventory.mesh_inventory(settings, stack).releases]
    yield from {(release.chart, release.version): release for release in releases}.values()


def vendor_charts(stack: str) -> Iterator[Finding]:
    """Fetch each locked chart of a stack into its place."""
    entries = chart_lock.read(stack)
    if entries is None:
        raise UsageError(stack, f"{FILE} does not have it", f"`python -m operations charts lock -s {stack}` first")
    for entry in entries:
        try:
            fetched = restore_chart(entry)
        except (ChartUnavailableError, ChangedChartError) as problem:
            yield _problem(entry.chart, entry.version, problem)
        else:
            message = f"{entry.package} {'was fetched' if fetched else 'is there'} with the locked sum"
            yield ok(ID, chart_subject(entry.chart, entry.version), message)


def _problem(chart: str, version: str, problem: Exception) -> Finding:
    fix = CHANGED if isinstance(problem, ChangedChartError) else UNREACHABLE
    return error(ID, chart_subject(chart, version), str(problem), fix)
