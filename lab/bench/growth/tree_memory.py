"""The memory of a command and of all processes below it."""

import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from lab.bench.timed_command import begun, failure

MEBI = 1 << 20
LOOK = 0.05
"""Seconds between two looks; the looks take time of their own, so that a command is not timed meanwhile."""


def peak(command: Sequence[str], environment: Mapping[str, str], directory: Path) -> float:
    """Run the command and return the most MiB that its processes had at once.

    The kernel's own maximum is of single processes, and the engine's plugins are not among those. Raises SystemExit
    with the last lines when the command fails.
    """
    most = 0
    with tempfile.TemporaryFile("w+") as output:
        with begun(command, environment, directory, stdout=output, stderr=subprocess.STDOUT) as started:
            first = psutil.Process(started.pid)
            while started.poll() is None:
                most = max(most, _bytes(first))
                time.sleep(LOOK)
        if started.returncode != 0:
            output.seek(0)
            raise failure(command, started.returncode, output.read())
    return most / MEBI


def _bytes(first: psutil.Process) -> int:
    try:
        return sum(map(_share, (first, *first.children(recursive=True))))
    except psutil.Error:
        return 0


def _share(process: psutil.Process) -> int:
    """Return the proportional set size: of a page that several processes have, each has a part. 0 if it has ended."""
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0
