"""Starting, waiting for and stopping a process. Nothing else in the lab does any of it.

Each process leaves a record in .lab/run: its id, its start time and its command. Nothing is ever signalled whose
start time differs from the record, so that an id that the kernel gave away again is safe.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lab.cluster import descriptors
from lab.cluster.names import LAB
from lab.cluster.shell import LabError, last_line
from lab.cluster.waiting import wait_until

RECORDS = LAB / "run"
LOGS = LAB / "logs"
PASSED_FD = 3


@dataclass(frozen=True)
class Process:
    """A process that the lab started; `started` is in clock ticks since the machine's start (proc(5), field 22)."""

    name: str
    pid: int
    started: int
    command: list[str]

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return start_time(self.pid) == self.started


def start_time(pid: int) -> int | None:
    """When a running process was started; None when there is none, or only its exit status is left (a zombie)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] not in "ZX":
        return int(fields[19])
    with contextlib.suppress(ChildProcessError):  # not ours to bury
        os.waitpid(pid, os.WNOHANG)
    return None


def start(name: str, command: Sequence[str | Path], pass_fd: int | None = None) -> Process:
    """Starts a process in a session of its own and records it; it gets `pass_fd` as its descriptor 3.

    The process outlives us. Raises LabError when one of this name runs already.
    """
    if is_alive(name):
        raise LabError(f"{name} runs already: stop it first")
    for folder in (LOGS, RECORDS):
        folder.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    files: list[tuple[Any, ...]] = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    files += [(os.POSIX_SPAWN_OPEN, output, str(log_file(name)), append, 0o600) for output in (1, 2)]
    if pass_fd is not None:
        files.append((os.POSIX_SPAWN_DUP2, pass_fd, PASSED_FD))
    descriptors.keep()
    pid = os.posix_spawnp(words[0], words, os.environ, file_actions=files, setsid=True)
    process = Process(name, pid, start_time(pid) or 0, words)
    _record_file(name).write_text(json.dumps(asdict(process), indent=1))
    return process


def stop(name: str, seconds: float = 10) -> None:
    """Ends a recorded process: asks first, insists after `seconds`. One that is gone is fine."""
    process = find(name)
    if process and process.alive:
        os.kill(process.pid, signal.SIGTERM)
        if not _ended(process, seconds):
            os.kill(process.pid, signal.SIGKILL)
            if not _ended(process, 5):
                raise LabError(f"{name} (process {process.pid}) does not end")
    _record_file(name).unlink(missing_ok=True)


def _ended(process: Process, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while process.alive and time.monotonic() < until:
        time.sleep(0.02)
    return not process.alive


def wait(name: str, healthy: Callable[[], bool], seconds: float = 90) -> None:
    """Returns when `healthy` says so. Raises LabError when the process ends before, or the time is over."""
    try:
        wait_until(name, healthy, seconds, alive=lambda: _still_alive(name))
    except LabError as error:
        raise LabError(f"{error}: {last_words(name)}") from error


def _still_alive(name: str) -> None:
    if not is_alive(name):
        raise LabError(f"{name} ended while it started")


def find(name: str) -> Process | None:
    """The record of a process."""
    try:
        return Process(**json.loads(_record_file(name).read_text()))
    except (FileNotFoundError, ValueError, TypeError):  # none, or half-written by a lab that was killed
        return None


def required(name: str) -> Process:
    """The record of a process that must run; raises LabError when it does not."""
    process = find(name)
    if process is None or not process.alive:
        raise LabError(f"{name} does not run; `make lab-up` makes the local cluster anew")
    return process


def is_alive(name: str) -> bool:
    """Whether the process recorded under this name runs."""
    process = find(name)
    return process is not None and process.alive


def recorded() -> list[str]:
    """The names of all recorded processes."""
    return sorted(entry.stem for entry in RECORDS.glob("*.json"))


def log_file(name: str) -> Path:
    """Where a process writes."""
    return LOGS / f"{name}.log"


def last_words(name: str) -> str:
    """The last line of the log, and where the rest is."""
    log = log_file(name)
    return f"{last_line(log.read_text(errors='replace')) if log.exists() else 'no log'} (all of it: {log})"


def _record_file(name: str) -> Path:
    return RECORDS / f"{name}.json"
