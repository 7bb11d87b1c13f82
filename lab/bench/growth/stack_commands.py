"""The commands of a stack: those that are measured, and those that bring the stack lab to its settings and back."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lab import dead_run
from lab.bench.contenders import STACK
from lab.bench.growth.measurement import Job, Say
from lab.bench.timed_command import run
from lab.cluster.names import CHECKOUT

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


def up(environment: Variables, directory: Path = CHECKOUT, stack: str = STACK, *flags: str) -> None:
    """Bring a stack to its settings."""
    flags = ("--yes", "--skip-preview", "--non-interactive", *flags)
    run(["pulumi", "up", "--stack", stack, *flags], environment, directory)


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


@contextmanager
def own_settings(environment: Variables, say: Say) -> Iterator[None]:
    """Bring the stack lab to its own settings, and back to them in the end, also after a killed run."""
    _restore(environment, say)
    try:
        yield
    finally:
        say(f"the stack {STACK} goes back to its own settings")
        _restore(environment, say)


def _restore(environment: Variables, say: Say) -> None:
    for line in dead_run.clear(environment):
        say(line)
    up(environment)
