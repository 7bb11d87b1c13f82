"""The lab's cgroups: one tree of the same name in every hierarchy of the machine, cgroup v1 and v2 alike."""

import os
import signal
import time
from pathlib import Path

from lab.cluster.machines import CONTROL_PLANE, NODES
from lab.cluster.names import IDENTITY
from lab.cluster.shell import LabError

MEMBERS = "cgroup.procs"
SYSTEM = "system"  # the leaf for a machine's own programs: with v2 a cgroup holds processes or children, not both


def hierarchies(mounts: str = "/proc/self/mounts") -> list[Path]:
    """Where the machine's cgroup hierarchies are mounted."""
    rows = (line.split() for line in Path(mounts).read_text().splitlines())
    return [Path(row[1]) for row in rows if row[2] in ("cgroup", "cgroup2")]


def create() -> None:
    """Makes the lab's cgroups; those that are there stay."""
    for hierarchy in hierarchies():
        for machine in (CONTROL_PLANE, *NODES):
            _make(hierarchy, f"{machine.cgroup}/{SYSTEM}")


def _make(hierarchy: Path, path: str) -> None:
    """One cgroup with its parents. A cpuset without CPUs and memory takes no process; v2 hands controllers down."""
    parent = hierarchy
    for part in path.strip("/").split("/"):
        _hand_down(parent)
        child = parent / part
        child.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if (hierarchy / "cgroup.controllers").exists() or not (child / setting).exists():
                continue
            if not (child / setting).read_text().strip():
                (child / setting).write_text((parent / setting).read_text())
        parent = child


def _hand_down(parent: Path) -> None:
    """Enables v2's controllers for the children of `parent`."""
    offered = parent / "cgroup.controllers"
    if offered.exists() and offered.read_text().split():
        wanted = " ".join(f"+{controller}" for controller in offered.read_text().split())
        (parent / "cgroup.subtree_control").write_text(wanted)


def folders(path: str) -> list[Path]:
    """The cgroup `path` in every hierarchy that has it."""
    return [folder for hierarchy in hierarchies() if (folder := hierarchy / path.strip("/")).is_dir()]


def processes(path: str = IDENTITY) -> set[int]:
    """The processes in the cgroup and below it."""
    found: set[int] = set()
    for folder in folders(path):
        for members in folder.rglob(MEMBERS):
            try:
                found.update(int(line) for line in members.read_text().split())
            except OSError:  # removed while we looked
                continue
    return found


def kill(path: str = IDENTITY, seconds: float = 15) -> None:
    """Ends every process in the cgroup and below it, those that it starts meanwhile included."""
    until = time.monotonic() + seconds
    while members := processes(path):
        if time.monotonic() > until:
            raise LabError(f"cgroup {path}: processes {sorted(members)} don't end; look for blocked ones with ps")
        for pid in members:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.02)


def remove(path: str = IDENTITY, seconds: float = 15) -> None:
    """Ends every process in the cgroup, and removes it with all below it."""
    until = time.monotonic() + seconds
    while True:
        kill(path)
        try:
            _remove(path)
            return
        except OSError:  # what a killed start had begun came in only now
            if time.monotonic() > until:
                raise


def _remove(path: str) -> None:
    """From the bottom up."""
    for folder in folders(path):
        for child in sorted((entry for entry in folder.rglob("*") if entry.is_dir()), reverse=True):
            child.rmdir()
        folder.rmdir()
