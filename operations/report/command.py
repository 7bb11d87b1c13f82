"""The command `report`: write one archive for a bug report."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from operations import results
from operations.command_line import Json, Stack, conclude, expected_errors, progress
from operations.failures import UsageError
from operations.report import contents, redaction
from operations.report.contents import Contents
from operations.report.mesh_state import ID
from operations.report.redaction import Redactor
from operations.results import Archive, Report
from pi_mesh.checks.finding import Finding, Subject, ok, warning
from pi_mesh.quantities import MI

ABOUT = "README.txt"
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="The archive; by default pi-mesh-report-STACK-TIME.tar.gz.")
]
Lines = Annotated[int, typer.Option("--lines", help="Last lines of each log.", min=1, max=10_000)]
EXPLAINED = """\
A report of pi-mesh about the stack {stack}, {time} UTC.

It holds the versions, the stack's settings, the answers of `preflight`, `verify`, `proxies` and `budget`, the state and
the events of the mesh's pods and namespaces, and the last {lines} lines of the logs of the mesh's own pods.
It holds no Secret and nothing of Pulumi's state. {removed} places had a secret, or what looks like one; each is now
"[removed]". Requests in logs have no query.
It still has the names and addresses of your nodes, namespaces, hosts and workloads: read it before you publish it.
"""


def report(stack: Stack, output: Output = None, lines: Lines = 1000, as_json: Json = False) -> None:
    """Write one archive for a bug report: versions, settings, findings, proxies, events and the mesh's own logs.

    It needs no working mesh: what cannot be had is named, and the status is 0 as long as the archive is written.
    Secrets are removed, those of the mesh's namespaces, of this shell and of the kubeconfig, and what looks like one.
    """
    with expected_errors("report", stack, as_json):
        now = datetime.now(UTC)
        name = f"pi-mesh-report-{stack.rpartition('/')[2]}-{now:%Y%m%dT%H%M%SZ}"
        target = output or Path(f"{name}.tar.gz")
        if target.exists():
            raise UsageError(stack, f"{target} exists already", "choose another --output")
        done = _written(target, name, contents.collect_contents(stack, lines, progress(as_json)), stack, lines, now)
    conclude(done, as_json)


def _written(target: Path, folder: str, found: Contents, stack: str, lines: int, now: datetime) -> Report:
    redactor = Redactor(found.known)
    files, left_out = redaction.render_files(found.parts, redactor)
    findings = [_without_secrets(finding, redactor) for finding in found.missing]
    findings += [_left_out(name) for name in left_out]
    about = EXPLAINED.format(stack=stack, time=f"{now:%Y-%m-%d %H:%M}", lines=lines, removed=redactor.removed)
    lacking = "".join(f"\nNot in it: {finding}\n" for finding in findings)
    files = {ABOUT: f"{about}{lacking}".encode(), **files}
    try:
        size = redaction.write_archive(target, folder, files, now.timestamp())
    except OSError as problem:
        raise UsageError(stack, f"{target} can't be written: {problem.strerror}", "choose another --output") from None
    archive = Archive(path=str(target), bytes=size, files=tuple(files), removed=redactor.removed)
    said = f"was written: {len(files)} files, {-(-size // 1024)} KiB; read it before you publish it"
    findings.append(ok(ID, Subject("archive", str(target)), said, number=size))
    return results.completed("report", stack, findings).model_copy(update={"archive": archive})


def _without_secrets(finding: Finding, redactor: Redactor) -> Finding:
    return replace(finding, message=redactor.text(finding.message))


def _left_out(name: str) -> Finding:
    room = f"{redaction.LARGEST_ARCHIVE // MI} MiB"
    return warning(ID, Subject("file", name), f"was left out: the archive holds {room}", "use fewer --lines")
