"""The command line of `charts`."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from operations import report, stacks
from operations.charts import chart_files
from operations.charts.chart_files import ID, ChangedChartError, subject
from operations.charts.chart_sources import ChartUnavailableError
from operations.command_line import Json, Stack, conclude, expected_errors
from operations.failures import UsageError
from pi_mesh import inventory
from pi_mesh.checks.finding import Finding, error, errors, ok
from pi_mesh.inventory import Release, chart_lock
from pi_mesh.inventory.chart_lock import FILE, LockedChart


class Action(StrEnum):
    """An action on the charts."""

    LOCK = "lock"
    VENDOR = "vendor"


Does = Annotated[
    Action,
    typer.Argument(help=f"lock: fetch the charts and write their sums to {FILE}. vendor: fetch the locked charts."),
]
Also = Annotated[
    list[str] | None, typer.Option("--also", help="Lock the charts of this Istio version too; may be repeated.")
]
UNREACHABLE = "check that the source is reachable and has that version; the lock is unchanged"
CHANGED = f"a released chart does not change: find out who changed it; to accept it, remove the old entry from {FILE}"


def charts(action: Does, stack: Stack, also: Also = None, as_json: Json = False) -> None:
    """Pin the charts that a stack installs by their SHA-256 sums.

    `lock` reads every chart that the stack's settings need from its directory, repository or registry and writes the
    sums to charts.lock.yaml, which you review and commit. Charts of repositories and registries are stored in the
    folder `charts`. A stack in that file installs the files of that folder and nothing else. `vendor` fetches the
    locked charts into the folder, for a new checkout or an `up` without the internet. The status is 1 if a chart cannot
    be fetched or has changed.
    """
    with expected_errors("charts", stack, as_json):
        if action is Action.VENDOR and also:
            raise UsageError(stack, "--also goes with `charts lock`", "lock the versions first")
        findings = _lock(stack, also or []) if action is Action.LOCK else [*_vendored(stack)]
        done = report.of("charts", stack, findings)
    conclude(done, as_json)


def _lock(stack: str, also: list[str]) -> list[Finding]:
    findings: list[Finding] = []
    files: dict[LockedChart, bytes] = {}
    known = chart_lock.read_all()
    for release in _needed(stack, also):
        try:
            entry, content = chart_files.fetched(release.source.source, release.chart, release.version)
            chart_files.refuse_change(entry, known)
        except (ChartUnavailableError, ChangedChartError) as problem:
            findings.append(_problem(release.chart, release.version, problem))
            continue
        files[entry] = content
        findings.append(ok(ID, subject(entry.chart, entry.version), f"sha256 {entry.sha256}, from {entry.source}"))
    if not errors(findings):
        for entry, content in files.items():
            chart_files.keep(entry, content)
        chart_files.write(known, stack, tuple(files))
    return findings


def _needed(stack: str, also: list[str]) -> Iterator[Release]:
    """Yield a release for each chart that the settings need, with their own version of Istio and with the others."""
    versions = [stacks.load(stack), *(stacks.load_changed(stack, {"istio.version": version}) for version in also)]
    releases = [release for settings in versions for release in inventory.of(settings, stack).releases]
    yield from {(release.chart, release.version): release for release in releases}.values()


def _vendored(stack: str) -> Iterator[Finding]:
    entries = chart_lock.read(stack)
    if entries is None:
        raise UsageError(stack, f"{FILE} does not have it", f"`python -m operations charts lock -s {stack}` first")
    for entry in entries:
        try:
            fetched = chart_files.restore(entry)
        except (ChartUnavailableError, ChangedChartError) as problem:
            yield _problem(entry.chart, entry.version, problem)
        else:
            message = f"{entry.package} {'was fetched' if fetched else 'is there'} with the locked sum"
            yield ok(ID, subject(entry.chart, entry.version), message)


def _problem(chart: str, version: str, problem: Exception) -> Finding:
    fix = CHANGED if isinstance(problem, ChangedChartError) else UNREACHABLE
    return error(ID, subject(chart, version), str(problem), fix)
