"""The command `verify`; beside it, the checks that need a program, a call or a request besides the snapshot."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from operations.command_line import All, Json, Stack, conclude_findings, expected_errors, progress, show_report

Probe = Annotated[bool, typer.Option("--probe", help="Also make the plain-text call that STRICT must refuse.")]
ReadOnly = Annotated[
    bool, typer.Option("--read-only", help="Use only get and list, read no Secret, and list what was not compared.")
]
SHORTEST = 30
"""Shortest window in seconds; kubelets count every 10 to 20 seconds."""


def _long_enough(seconds: int) -> int:
    if 0 < seconds < SHORTEST:
        raise typer.BadParameter(f"{seconds} is too short to see throttling; give {SHORTEST} or more, or 0 for none")
    return seconds


WINDOW = "Count CPU throttling over so many seconds (30 or more) of the run."
Window = Annotated[int, typer.Option("--window", help=WINDOW, min=0, callback=_long_enough)]
StackFile = Annotated[
    Path | None,
    typer.Option("--stack-file", help="Take the settings from this file, without Pulumi; the state is not looked at."),
]


def verify(
    stack: Stack,
    as_json: Json = False,
    everything: All = False,
    probe: Probe = False,
    read_only: ReadOnly = False,
    window: Window = 0,
    stack_file: StackFile = None,
) -> None:
    """Prove that the mesh is installed, complete, and as the settings say; the exit status is the proof."""
    with expected_errors("verify", stack, as_json):
        from operations import stacks
        from operations.failures import UsageError
        from operations.verify.verification import verification_findings
        from pi_mesh.checks import observe
        from pi_mesh.inventory import chart_lock

        if probe and read_only:
            raise UsageError(stack, "--probe makes a call, which --read-only must not", "use only one of the two")
        settings, exported = stacks.of_file(stack_file) if stack_file else stacks.load_with_state(stack)
        needs = observe.Needs.READ_ONLY_VERIFICATION if read_only else observe.Needs.VERIFICATION
        observation = observe.observe(settings, stack, exported, chart_lock.read(stack), needs)
        findings = verification_findings(observation, window, ["--probe"] if probe else [])
        if window and not read_only:
            from operations.rehearse import judgement

            findings += judgement.boards(settings, stack, observation.snapshot, progress(as_json))
    conclude_findings("verify", stack, findings, as_json, partial(show_report, everything=everything))
