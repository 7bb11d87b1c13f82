"""The processes of the lab: started, waited for and stopped here and nowhere else.

Each process leaves a record (records.py). Nothing is ever signalled whose start time differs from its record.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lab.cluster import records
from lab.cluster.names import LAB
from lab.cluster.records import Process
from lab.cluster.shell import LabError, last_line
from lab.cluster.waiting import wait_until
from pi_mesh.waiting import until

LOGS = LAB / "logs"
PASSED_FD = 3
PAUSE = 0.02  # seconds between two looks at a process that is to end


def start(name: str, command: Sequence[str | Path], pass_fd: int | None = None) -> Process:
    """Start a process in a session of its own and record it; it gets `pass_fd` as its descriptor 3.

    The process outlives us. Raises LabError when one of this name runs already.
    """
    if records.is_alive(name):
        raise LabError(f"{name} runs already: stop it first")
    for folder in (LOGS, records.RECORDS):
        folder.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    files: list[tuple[Any, ...]] = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    files += [(os.POSIX_SPAWN_OPEN, output, str(log_file(name)), append, 0o600) for output in (1, 2)]
    if pass_fd is not None:
        files.append((os.POSIX_SPAWN_DUP2, pass_fd, PASSED_FD))
    _close_files_on_exec()
    pid = os.posix_spawnp(words[0], words, os.environ, file_actions=files, setsid=True)
    process = Process(name, pid, records.start_time(pid) or 0, words)
    records.write(process)
    return process


def _close_files_on_exec() -> None:
    """Hand no open file on to programs that are started from now on, but for input, output and errors.

    What our caller left open, a lock or a pipe, must not stay open for as long as the lab lives.
    """
    for entry in Path("/proc/self/fd").iterdir():
        if int(entry.name) > 2:
            with contextlib.suppress(OSError):  # the listing's own
                os.set_inheritable(int(entry.name), False)


def stop(name: str, seconds: float = 10) -> None:
    """End a recorded process with SIGTERM, and after `seconds`, 0 for at once, with SIGKILL. A missing one is fine."""
    process = records.find(name)
    if process and process.alive:
        os.kill(process.pid, signal.SIGTERM if seconds else signal.SIGKILL)
        if not until(lambda: not process.alive, seconds, PAUSE):
            os.kill(process.pid, signal.SIGKILL)
            if not until(lambda: not process.alive, 5, PAUSE):
                raise LabError(f"{name} (process {process.pid}) does not end")
    records.forget(name)


def wait(name: str, healthy: Callable[[], bool], seconds: float = 90) -> None:
    """Wait until `healthy` returns True. Raises LabError when the process ends before, or the time is over."""
    try:
        wait_until(name, healthy, seconds, alive=lambda: _require_alive(name))
    except LabError as error:
        raise LabError(f"{error}: {last_log_line(name)}") from error


def _require_alive(name: str) -> None:
    if not records.is_alive(name):
        raise LabError(f"{name} ended while it started")


def log_file(name: str) -> Path:
    """Return the log of a process."""
    return LOGS / f"{name}.log"


def last_log_line(name: str) -> str:
    """Return the last line of the log, and where the rest is."""
    log = log_file(name)
    return f"{last_line(log.read_text(errors='replace')) if log.exists() else 'no log'} (all of it: {log})"
