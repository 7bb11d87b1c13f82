"""Processes that outlive a killed `pulumi`: its plugins and the Python program. Linux: read from /proc."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
ORPHANS = ("pulumi-resource-", "pulumi-language-")
ENGINE = "pulumi"
GRACE = 5.0
"""Seconds between asking and forcing."""


@dataclass(frozen=True)
class Process:
    """One process; its start time tells it from a later one of the same number."""

    pid: int
    started: str
    command: str

    @property
    def is_plugin(self) -> bool:
        return self.command.startswith("pulumi-resource-")

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command})"

    def alive(self) -> bool:
        return _started(self.pid) == self.started

    def end(self) -> None:
        """Asks it to end, and after a while makes it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self.alive():
                return
            os.kill(self.pid, number)
            deadline = time.monotonic() + GRACE
            while self.alive() and time.monotonic() < deadline:
                time.sleep(0.1)


def orphans(project: Path) -> list[Process]:
    """Pulumi's helpers of this project, of our own user, whose pulumi is gone."""
    return [process for process in _helpers(project) if not _has_engine(process.pid)]


def is_pulumi(pid: int) -> bool:
    """Whether a pulumi runs under this number."""
    return ENGINE in {Path(word).name for word in _words(pid)[:1]}


def _helpers(project: Path) -> Iterator[Process]:
    for folder in PROC.iterdir():
        if not folder.name.isdigit() or not _is_ours(folder, project):
            continue
        pid = int(folder.name)
        names = [Path(word).name for word in _words(pid)[:3]]
        name = next((name for name in names if name.startswith(ORPHANS)), None)
        if name:
            yield Process(pid, _started(pid), name)


def _is_ours(folder: Path, project: Path) -> bool:
    try:
        return folder.stat().st_uid == os.getuid() and (folder / "cwd").readlink() == project.resolve()
    except OSError:
        return False  # gone meanwhile, or not ours to look into


def _has_engine(pid: int) -> bool:
    """Whether one of its ancestors is a pulumi."""
    while pid > 1:
        pid = int(_stat(pid)[1] if _stat(pid) else 0)
        if is_pulumi(pid):
            return True
    return False


def _words(pid: int) -> list[str]:
    try:
        return (PROC / str(pid) / "cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return []


def _started(pid: int) -> str:
    fields = _stat(pid)
    return fields[19] if fields and fields[0] != "Z" else ""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command, from the state on; none when it is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []
