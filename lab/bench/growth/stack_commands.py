"""The commands of a stack that are measured, and the wait for the mesh before them."""

import time
from collections.abc import Mapping
from pathlib import Path

from lab.bench.growth.measurement import Job
from lab.bench.timed_command import run
from lab.cluster.names import CHECKOUT
from lab.dead_run import STACK

PYTHON = str(CHECKOUT / ".venv/bin/python")
OPERATIONS = ("preflight", "verify", "budget")
SETTLED, PAUSE = 180, 5
"""Seconds for the proxies to get what istiod has to tell them, and between two looks."""
Variables = Mapping[str, str]


def pulumi_jobs(stack: str, environment: Variables, directory: Path, prefix: str = "") -> dict[str, Job]:
    """Return a preview and an up, which fail if there is something to change."""
    flags = ("--stack", stack, "--non-interactive", "--expect-no-changes")
    commands = {"pulumi preview": ("preview",), "pulumi up": ("up", "--yes", "--skip-preview")}
    return {prefix + name: Job(("pulumi", *words, *flags), environment, directory) for name, words in commands.items()}


def operation_jobs(environment: Variables, directory: Path = CHECKOUT) -> dict[str, Job]:
    """Return the operations that read the cluster."""
    return {
        name: Job((PYTHON, "-m", "operations", name, "--stack", STACK), environment, directory) for name in OPERATIONS
    }


def settle(environment: Variables, directory: Path = CHECKOUT) -> None:
    """Wait until `verify` finds no problem. Raises SystemExit with its last lines when it does not come to that."""
    until = time.monotonic() + SETTLED
    command = operation_jobs(environment)["verify"].command
    while True:
        try:
            run(command, environment, directory)
        except SystemExit:
            if time.monotonic() > until:
                raise
            time.sleep(PAUSE)
        else:
            return
