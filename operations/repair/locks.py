"""Locks of Pulumi's file backend: a killed run leaves its own behind."""

import json
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlparse

from operations.repair import processes
from pi_mesh.names import PROJECT


@dataclass(frozen=True)
class Lock:
    """A lock of a stack, with its holder according to the lock file."""

    pid: int
    host: str
    user: str
    since: str
    file: Path = field(default=Path(), compare=False)

    @property
    def here(self) -> bool:
        """Return True where the holder ran on this machine, so that this program can see if it still runs."""
        return self.host == socket.gethostname()

    @property
    def alive(self) -> bool:
        """Return True where a pulumi, or a repair, still runs under that process id; only meaningful if `here`."""
        return processes.is_run(self.pid)

    def remove(self) -> None:
        """Remove only this lock: `pulumi cancel` would also remove those of other runs."""
        for file in (self.file, self.file.with_name(f"{self.file.name}.attrs")):
            file.unlink(missing_ok=True)

    def __str__(self) -> str:
        return f"{self.user}@{self.host}, process {self.pid}, since {self.since}"


def examinable(backend: str) -> bool:
    """Return True where the backend keeps its locks in a directory that this program can read."""
    return backend.startswith("file://")


def read(backend: str, stack: str) -> list[Lock]:
    """Return the locks on a stack; an empty list for other kinds of backend."""
    return _locks(folder(backend, stack)) if examinable(backend) else []


def folder(backend: str, stack: str) -> Path:
    """Return the folder in which a file backend keeps the locks of a stack.

    A backend without meta.yaml has the layout from before projects had folders:
    https://github.com/pulumi/pulumi/blob/master/pkg/backend/diy/lock.go, and meta.go beside it.
    """
    root, name = _root(backend) / ".pulumi", stack.rpartition("/")[2]
    by_project = (root / "meta.yaml").exists() or not (root / "stacks" / f"{name}.json").exists()
    return root / "locks" / (Path("organization") / PROJECT / name if by_project else name)


def _locks(files: Path) -> list[Lock]:
    # A lock that a full disk left half-written still has its temporary name, and stops pulumi all the same.
    return [_parse(file) for file in sorted(files.glob("*.json*")) if file.suffix in (".json", ".tmp")]


def _root(backend: str) -> Path:
    parsed = urlparse(backend)
    return Path(os.path.normpath(Path(unquote(parsed.netloc + parsed.path)).expanduser()))


def _parse(file: Path) -> Lock:
    try:
        content = json.loads(file.read_text())
    except (OSError, json.JSONDecodeError):
        content = {}  # cut off by a power loss: nobody holds it
    name = content.get("hostname", socket.gethostname())
    return Lock(content.get("pid", 0), name, content.get("username", "?"), content.get("timestamp", "?"), file)
