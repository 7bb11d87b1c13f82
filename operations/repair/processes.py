"""Processes that outlive a killed `pulumi`: its plugins and the Python program."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ORPHANS = ("pulumi-resource-", "pulumi-language-")
ENGINE = "pulumi"
LOCKING = ("repair", "adopt", "upgrade")
"""Operations that hold the lock of the stack."""
GRACE = 5.0
"""Seconds between asking a process to end and forcing it."""


@dataclass(frozen=True)
class Process:
    """A helper process of Pulumi. psutil distinguishes it from a later process with the same id."""

    process: psutil.Process
    command: str

    @property
    def is_plugin(self) -> bool:
        return self.command.startswith("pulumi-resource-")

    def __str__(self) -> str:
        return f"{self.process.pid} ({self.command})"

    def alive(self) -> bool:
        """Return True while the process runs; False also for a zombie, which only waits for its parent."""
        try:
            return self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def end(self) -> None:
        """Ask the process to end, and force it after GRACE seconds."""
        for request in (self.process.terminate, self.process.kill):
            if not self.alive():
                return
            with suppress(psutil.NoSuchProcess):
                request()
            deadline = time.monotonic() + GRACE
            while self.alive() and time.monotonic() < deadline:
                time.sleep(0.1)


def orphans(project: Path) -> list[Process]:
    """Return Pulumi's helper processes of this project and of this user whose pulumi is gone."""
    return [helper for helper in _named(project.resolve(), ORPHANS) if not _has_engine(helper.process)]


def engines(project: Path) -> list[Process]:
    """Return the pulumi processes of this project and of this user."""
    return [engine for engine in _named(project.resolve(), ENGINE) if _is_engine(engine.process)]


def is_run(pid: int) -> bool:
    """Return True where a pulumi, or an operation that locks the stack, runs under this process id."""
    try:
        process = psutil.Process(pid)
        return _is_engine(process) or any({"operations", name} <= set(process.cmdline()) for name in LOCKING)
    except psutil.Error:
        return False


def _named(project: Path, begin: str | tuple[str, ...]) -> Iterator[Process]:
    for process in psutil.process_iter():
        try:
            if process.uids().real != os.getuid() or Path(process.cwd()) != project:
                continue
            names = [Path(word).name for word in process.cmdline()[:3]]
        except psutil.Error:
            continue  # it has ended in the meantime, or belongs to another user
        if name := next((name for name in names if name.startswith(begin)), None):
            yield Process(process, name)


def _has_engine(process: psutil.Process) -> bool:
    """Return True where one of the process's ancestors is a pulumi."""
    try:
        return any(_is_engine(ancestor) for ancestor in process.parents())
    except psutil.NoSuchProcess:
        return False


def _is_engine(process: psutil.Process) -> bool:
    try:
        return any(Path(word).name == ENGINE for word in process.cmdline()[:1])
    except psutil.Error:
        return False
