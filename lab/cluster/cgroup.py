"""The lab's cgroups: a tree of the same name in every hierarchy of the machine, of cgroup v1 and v2 alike."""

import contextlib
import os
import signal
from pathlib import Path

from lab.cluster.machines import CONTROL_PLANE, NODES
from lab.cluster.names import IDENTITY
from lab.cluster.shell import LabError
from pi_mesh.waiting import until

MEMBERS = "cgroup.procs"
PAUSE = 0.02  # seconds between two looks at what is to end
SYSTEM = "system"  # the leaf for a machine's own programs: with v2 a cgroup holds processes or children, not both


def hierarchies(mounts: str = "/proc/self/mounts") -> list[Path]:
    """Return the mount points of the machine's cgroup hierarchies."""
    rows = (line.split() for line in Path(mounts).read_text().splitlines())
    return [Path(row[1]) for row in rows if row[2] in ("cgroup", "cgroup2")]


def create() -> None:
    """Create the lab's cgroups; those that exist stay."""
    for hierarchy in hierarchies():
        for machine in (CONTROL_PLANE, *NODES):
            _make(hierarchy, f"{machine.cgroup}/{SYSTEM}")


def _make(hierarchy: Path, path: str) -> None:
    """Create one cgroup with its parents.

    A cpuset (v1) without CPUs and memory takes no process; v2 enables controllers from the parent down.
    """
    parent = hierarchy
    for part in path.strip("/").split("/"):
        _enable_controllers(parent)
        child = parent / part
        child.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if (hierarchy / "cgroup.controllers").exists() or not (child / setting).exists():
                continue
            if not (child / setting).read_text().strip():
                (child / setting).write_text((parent / setting).read_text())
        parent = child


def _enable_controllers(parent: Path) -> None:
    """Enable v2's controllers for the children of `parent`."""
    offered = parent / "cgroup.controllers"
    if offered.exists() and offered.read_text().split():
        controllers = " ".join(f"+{controller}" for controller in offered.read_text().split())
        (parent / "cgroup.subtree_control").write_text(controllers)


def folders(path: str) -> list[Path]:
    """Return the folder of the cgroup `path` in every hierarchy that has it."""
    return [folder for hierarchy in hierarchies() if (folder := hierarchy / path.strip("/")).is_dir()]


def processes(path: str = IDENTITY) -> set[int]:
    """Return the ids of the processes in the cgroup and below it."""
    pids: set[int] = set()
    for folder in folders(path):
        for members in folder.rglob(MEMBERS):
            try:
                # A process of another PID namespace reads 0, which `kill` takes for the caller's own group.
                pids.update({int(line) for line in members.read_text().split()} - {0})
            except OSError:  # removed during the listing
                continue
    return pids


def kill(path: str = IDENTITY, seconds: float = 15) -> None:
    """Kill every process in the cgroup and below it, also those that are started meanwhile."""
    if not until(lambda: not _killed(path), seconds, PAUSE):
        members = sorted(processes(path))
        raise LabError(f"cgroup {path}: processes {members} don't end; look for blocked ones with ps")


def _killed(path: str) -> set[int]:
    """Kill the processes that are there now, and return their ids."""
    members = processes(path)
    for pid in members:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return members


def remove(path: str = IDENTITY, seconds: float = 15) -> None:
    """Kill every process in the cgroup, and remove it with all cgroups below it."""
    if not until(lambda: _is_removed(path), seconds, PAUSE):
        _remove(path)


def _is_removed(path: str) -> bool:
    kill(path)
    try:
        _remove(path)
    except OSError:  # a killed start has created it only now
        return False
    return True


def _remove(path: str) -> None:
    """Remove the cgroup from the bottom up."""
    for folder in folders(path):
        for child in sorted((entry for entry in folder.rglob("*") if entry.is_dir()), reverse=True):
            child.rmdir()
        folder.rmdir()
