"""The memory and CPU of a container of the local cluster, read from its cgroup, where the kernel counts them."""

from dataclasses import dataclass
from pathlib import Path

from lab.cluster import cgroup
from lab.cluster.kubectl import staying_pods
from lab.cluster.names import IDENTITY
from lab.cluster.shell import LabError

MEBI = 1 << 20


@dataclass(frozen=True)
class Container:
    """A running container, by the folders of its cgroup (several where the machine has cgroup v1)."""

    folders: tuple[Path, ...]

    @property
    def memory(self) -> int:
        """Return the bytes in use without the reclaimable part of the page cache: kubelet's working set."""
        used = self._number("memory.usage_in_bytes", "memory.current")
        free = self._entry("memory.stat", "total_inactive_file") or self._entry("memory.stat", "inactive_file")
        return used - free

    @property
    def cpu(self) -> float:
        """Return the seconds of CPU since the container started."""
        if microseconds := self._entry("cpu.stat", "usage_usec"):
            return microseconds / 1e6
        return self._number("cpuacct.usage", "cpuacct.usage") / 1e9

    def _file(self, name: str) -> Path | None:
        return next((folder / name for folder in self.folders if (folder / name).exists()), None)

    def _number(self, *names: str) -> int:
        file = next((file for name in names if (file := self._file(name))), None)
        if file is None:
            raise LabError("a measured container has ended; `kubectl get pods -A` shows which, and its last state why")
        return int(file.read_text())

    def _entry(self, name: str, key: str) -> int:
        file = self._file(name)
        lines = (line.split() for line in file.read_text().splitlines()) if file else ()
        return next((int(line[1]) for line in lines if line[0] == key), 0)


@dataclass(frozen=True)
class Footprint:
    """The memory and CPU of one part of the mesh at one number of services."""

    part: str
    services: int
    memory: int
    """Bytes, at rest."""
    busy: float
    """Seconds of CPU from the first new service until the part was idle."""
    idle: float
    """Cores, at rest."""


def container(namespace: str, selector: str, name: str) -> Container:
    """Return the container of the one pod that the selector finds."""
    (pod,) = staying_pods(namespace, selector)
    states = [*pod["status"]["containerStatuses"], *pod["status"].get("initContainerStatuses", ())]
    (identity,) = [state["containerID"].partition("//")[2] for state in states if state["name"] == name]
    found = [folder for top in cgroup.folders(IDENTITY) for folder in top.rglob(identity)]
    return Container(tuple(found))
