"""The command `report`: one archive for a bug report, without secrets."""

from pathlib import Path
from typing import Annotated

import typer

from operations.command_line import Json, Stack, conclude, expected_errors, progress

Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="The archive; by default pi-mesh-report-STACK-TIME.tar.gz.")
]
Lines = Annotated[int, typer.Option("--lines", help="Last lines of each log.", min=1, max=10_000)]


def report(stack: Stack, output: Output = None, lines: Lines = 1000, as_json: Json = False) -> None:
    """Write one archive for a bug report: versions, settings, findings, proxies, events and the mesh's own logs.

    It needs no working mesh: what cannot be had is named, and the status is 0 as long as the archive is written.
    Secrets are removed, those of the mesh's namespaces, of this shell and of the kubeconfig, and what looks like one.
    """
    with expected_errors("report", stack, as_json):
        from operations.report import contents

        done = contents.write_report(stack, output, lines, progress(as_json))
    conclude(done, as_json)
