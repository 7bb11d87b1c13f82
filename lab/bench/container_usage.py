"""What a container of the local cluster takes, read from its cgroup: what the kernel itself counts and limits."""

from dataclasses import dataclass
from pathlib import Path

from lab.cluster import cgroup
from lab.cluster.kubectl import staying_pods
from lab.cluster.names import IDENTITY


@dataclass(frozen=True)
class Container:
    """A running container, by the folders of its cgroup (several where the machine has cgroup v1)."""

    folders: tuple[Path, ...]

    @property
    def memory(self) -> int:
        """Bytes in use but for the part of the page cache that is free for the taking: kubelet's working set."""
        used = self._number("memory.usage_in_bytes", "memory.current")
        free = self._entry("memory.stat", "total_inactive_file") or self._entry("memory.stat", "inactive_file")
        return used - free

    @property
    def cpu(self) -> float:
        """Seconds of CPU since it started."""
        if microseconds := self._entry("cpu.stat", "usage_usec"):
            return microseconds / 1e6
        return self._number("cpuacct.usage", "cpuacct.usage") / 1e9

    def _file(self, name: str) -> Path | None:
        return next((folder / name for folder in self.folders if (folder / name).exists()), None)

    def _number(self, *names: str) -> int:
        file = next(file for name in names if (file := self._file(name)))
        return int(file.read_text())

    def _entry(self, name: str, key: str) -> int:
        file = self._file(name)
        lines = (line.split() for line in file.read_text().splitlines()) if file else ()
        return next((int(line[1]) for line in lines if line[0] == key), 0)


@dataclass(frozen=True)
class Footprint:
    """What one part takes at one size."""

    part: str
    services: int
    memory: int
    """Bytes, at rest."""
    busy: float
    """Seconds of CPU from the first new service until all was quiet."""
    idle: float
    """Cores, at rest."""


def container(namespace: str, selector: str, name: str) -> Container:
    """The container of the one pod that the selector finds."""
    (pod,) = staying_pods(namespace, selector)
    states = [*pod["status"]["containerStatuses"], *pod["status"].get("initContainerStatuses", ())]
    (identity,) = [one["containerID"].partition("//")[2] for one in states if one["name"] == name]
    found = [folder for top in cgroup.folders(IDENTITY) for folder in top.rglob(identity)]
    return Container(tuple(found))
