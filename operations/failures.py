"""The expected errors of an operation: each has an exit status, and a finding that names its cause."""

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import IntEnum
from typing import Any, NoReturn

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, setting
from pi_mesh.cluster.errors import ClusterError
from pi_mesh.inventory import with_contradictions
from pi_mesh.settings import SettingsError


class Exit(IntEnum):
    """The exit status of an operation."""

    OK = 0
    PROBLEMS = 1
    """The cluster or its mesh has a problem, or something is left to repair."""
    USAGE = 2
    """The command line, the stack's settings or Pulumi cannot be used."""
    NO_CLUSTER = 3
    """The cluster does not answer, or the kubeconfig points at another one."""


class OperationError(Exception):
    """An operation cannot go on; the text is one line: what failed, why, and what to do."""

    status = Exit.USAGE

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class ProblemError(OperationError):
    """The operation does not go on, because of the problem in its finding."""

    status = Exit.PROBLEMS


class UsageError(OperationError):
    """The operation does not apply to this stack."""

    def __init__(self, stack: str, message: str, fix: str) -> None:
        super().__init__(error("usage", Subject("stack", stack), message, fix))


Expected = (SettingsError, ClusterError, OperationError)
"""Errors that end an operation without a traceback."""


def status(problem: Exception) -> Exit:
    if isinstance(problem, OperationError):
        return problem.status
    return Exit.NO_CLUSTER if isinstance(problem, ClusterError) else Exit.USAGE


def lines(problem: Exception) -> tuple[str, ...]:
    """Return the text of an expected error, one line for each problem."""
    return with_contradictions(problem).problems if isinstance(problem, SettingsError) else (str(problem),)


def findings(problem: Exception) -> list[Finding]:
    """Return the findings of an expected error, one for each problem."""
    if isinstance(problem, OperationError):
        return [problem.finding]
    if isinstance(problem, SettingsError):
        return [_of_setting(line) for line in lines(problem)]
    return [error("cluster", CLUSTER, str(problem), "")]


def _of_setting(line: str) -> Finding:
    """Split "KEY: what is wrong"; a sentence about several keys has no key in front."""
    key, colon, message = line.partition(": ")
    if not colon or " " in key:
        return error("settings", setting(""), line, "")
    return error("settings", setting(key), message, "")


class NotRunnableError(Exception):
    """A program can't be started; the text is one line: which, why, and what to do."""

    def __init__(self, name: str, problem: OSError) -> None:
        super().__init__(f"{not_runnable_reason(name, problem)}; install it")


def not_runnable_reason(name: str, problem: OSError) -> str:
    if isinstance(problem, FileNotFoundError):
        return f"the command {name} is not on PATH"
    return f"the command {name} can't be run: {problem.strerror}"


ENDING = (signal.SIGTERM, signal.SIGHUP)
"""Signals that end a process without a word to its `finally`; SIGINT is an exception already."""


def signals_as_exceptions() -> AbstractContextManager[None]:
    """Let `finally` run for a block where a signal would end the process without a word."""
    under_nohup = [number for number in ENDING if signal.getsignal(number) is signal.SIG_IGN]
    return handled_signals({*ENDING} - {*under_nohup}, _end)


@contextmanager
def handled_signals(signals: Iterable[signal.Signals], handler: Callable[[int, Any], NoReturn]) -> Iterator[None]:
    """Have a function handle these signals in the block."""
    before = {number: signal.signal(number, handler) for number in signals}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _end(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)
