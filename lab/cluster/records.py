"""The records in `.lab/run`: which processes the lab started, and which ports of 127.0.0.1 lead into it.

A process's record holds its id, its start time and its command. An id whose start time differs from the record
belongs to another process: the kernel gave it away again.
"""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.cluster.names import LAB
from lab.cluster.shell import LabError

RECORDS = LAB / "run"
API = "api"
"""The name of the port that leads to the API server."""


@dataclass(frozen=True)
class Process:
    """A process that the lab started; `started` is in clock ticks since the machine's start (proc(5), field 22)."""

    name: str
    pid: int
    started: int
    command: list[str]

    @property
    def alive(self) -> bool:
        """Return True while this very process runs."""
        return start_time(self.pid) == self.started


def start_time(pid: int) -> int | None:
    """Return when a running process was started; None when there is none, or only its exit status (a zombie)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # A killed process has its ports until the last of its threads (fields[17]) has ended, though the first is a zombie.
    if fields[0] not in "ZX" or int(fields[17]) > 1:
        return int(fields[19])
    with contextlib.suppress(ChildProcessError):  # another process is its parent
        os.waitpid(pid, os.WNOHANG)
    return None


def write(process: Process) -> None:
    """Write the record of a process."""
    _process_file(process.name).write_text(json.dumps(asdict(process), indent=1))


def forget(name: str) -> None:
    """Remove the record of a process; one that is gone already is fine."""
    _process_file(name).unlink(missing_ok=True)


def find(name: str) -> Process | None:
    """Return the record of a process, or None when there is none."""
    try:
        return Process(**json.loads(_process_file(name).read_text()))
    except (FileNotFoundError, ValueError, TypeError):  # none, or half-written by a lab that was killed
        return None


def required(name: str) -> Process:
    """Return the record of a process that must run; raises LabError when it does not."""
    process = find(name)
    if process is None or not process.alive:
        raise LabError(f"{name} does not run; `make lab-up` recreates the local cluster")
    return process


def is_alive(name: str) -> bool:
    """Return True when the process recorded under this name runs."""
    process = find(name)
    return process is not None and process.alive


def recorded() -> list[str]:
    """Return the names of all recorded processes."""
    return sorted(entry.stem for entry in RECORDS.glob("*.json"))


def write_port(name: str, port: int) -> None:
    """Record the port on 127.0.0.1 from which the forwarder called `name` leads into the lab."""
    _port_file(name).write_text(str(port))


def find_port(name: str) -> int | None:
    """Return a forwarder's port on 127.0.0.1; None when it was never started."""
    file = _port_file(name)
    return int(file.read_text()) if file.exists() else None


def _process_file(name: str) -> Path:
    return RECORDS / f"{name}.json"


def _port_file(name: str) -> Path:
    return RECORDS / f"forward-{name}.port"
