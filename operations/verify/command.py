"""The command `verify`: compare the running mesh with the settings."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from operations import command_line, report, stacks
from operations.command_line import All, Json, Stack, conclude, expected_errors
from operations.failures import UsageError
from pi_mesh.checks import registry
from pi_mesh.checks.finding import Finding
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.observe import Needs, observe
from pi_mesh.checks.verify import cpu_throttling, helm_releases
from pi_mesh.cluster import kubelet

Probe = Annotated[bool, typer.Option("--probe", help="Also make the plain-text call that STRICT must refuse.")]
ReadOnly = Annotated[
    bool, typer.Option("--read-only", help="Use only get and list, read no Secret, and list what was not compared.")
]
Window = Annotated[
    int, typer.Option("--window", help="Count CPU throttling over so many seconds (30 or more) of the run.", min=0)
]
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
        if probe and read_only:
            raise UsageError(stack, "--probe makes a call, which --read-only must not", "use only one of the two")
        settings, exported = stacks.of_file(stack_file) if stack_file else stacks.load_with_state(stack)
        needs = Needs.READ_ONLY_VERIFICATION if read_only else Needs.VERIFICATION
        observation = observe(settings, stack, exported, needs)
        options = ["--probe"] if probe else []
        done = report.completed("verify", stack, verification_findings(observation, window, options))
    conclude(done, as_json, partial(command_line.show_report, everything=everything))


def verification_findings(
    observation: Observation, window: int | None = None, options: Sequence[str] = ()
) -> list[Finding]:
    """Return the findings of all checks, with those of CPU throttling over a window of so many seconds."""
    if missing := helm_releases.missing_mesh(observation):
        return missing
    judge = partial(registry.findings, registry.VERIFY, calls=not observation.live.read_only, options=options)
    if window is None:
        return judge(observation)
    context, nodes = observation.settings.cluster.context, cpu_throttling.nodes_to_ask(observation)
    with kubelet.running_window(context, nodes, window) as counted:
        return judge(replace(observation, cpu_window=counted))
