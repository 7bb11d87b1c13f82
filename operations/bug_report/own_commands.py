"""The answers of this program's own commands, each in a process of its own: a report is also for those that crash."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

COMMANDS = ("preflight", "verify", "proxies", "budget")
SECONDS = 180
"""Longest time for one command."""
LAST = 100
"""Lines of a command's errors that are kept."""


@dataclass(frozen=True)
class Answer:
    """The answer of one command."""

    command: str
    document: Any = None
    """Its JSON document; None if it printed none."""
    errors: str = ""
    """Last lines of its standard error."""

    @property
    def problem(self) -> str:
        """Return why there is no document, in words; empty if there is one."""
        if self.document is not None:
            return ""
        return self.errors.strip().rpartition("\n")[2] or "it printed nothing"


@contextmanager
def running(stack: str) -> Iterator[list[Future[Answer]]]:
    """Yield the answers, while the commands run."""
    with ThreadPoolExecutor(max_workers=len(COMMANDS)) as pool:
        yield [pool.submit(_answer, command, stack) for command in COMMANDS]


def _answer(command: str, stack: str) -> Answer:
    arguments = [sys.executable, "-m", "operations", command, "-s", stack, "--json"]
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return Answer(command, errors=f"no answer within {SECONDS} seconds")
    errors = "\n".join(done.stderr.splitlines()[-LAST:])
    try:
        return Answer(command, json.loads(done.stdout), errors)
    except ValueError:
        return Answer(command, errors=errors)
