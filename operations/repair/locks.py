"""Locks of Pulumi's file backend: a killed run leaves its own behind."""

import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

from operations.repair import processes
from pi_mesh.names import PROJECT


@dataclass(frozen=True)
class Lock:
    """Who holds the stack, as its lock file says."""

    pid: int
    host: str
    user: str
    since: str

    @property
    def here(self) -> bool:
        """Whether the holder ran on this machine, so that we can see if it still does."""
        return self.host == socket.gethostname()

    @property
    def alive(self) -> bool:
        """Whether a pulumi still runs under that number; only meaningful `here`."""
        return processes.is_pulumi(self.pid)

    def __str__(self) -> str:
        return f"{self.user}@{self.host}, process {self.pid}, since {self.since}"


def examinable(backend: str) -> bool:
    """Whether the backend keeps its locks where we can read them: in a directory."""
    return backend.startswith("file://")


def read(backend: str, stack: str) -> list[Lock]:
    """The locks on a stack. Other kinds of backend are not looked into: none."""
    if not examinable(backend):
        return []
    name = stack.rpartition("/")[2]
    folder = _root(backend) / ".pulumi" / "locks" / "organization" / PROJECT / name
    # A lock that a full disk left half-written still has its temporary name; pulumi stumbles over it all the same.
    return [_parse(file) for file in sorted(folder.glob("*.json*")) if file.suffix in (".json", ".tmp")]


def _root(backend: str) -> Path:
    parsed = urlparse(backend)
    return Path(os.path.normpath(Path(unquote(parsed.netloc + parsed.path)).expanduser()))


def _parse(file: Path) -> Lock:
    try:
        content = json.loads(file.read_text())
    except (OSError, json.JSONDecodeError):
        content = {}  # cut off by a power loss: nobody holds it
    name = content.get("hostname", socket.gethostname())
    return Lock(content.get("pid", 0), name, content.get("username", "?"), content.get("timestamp", "?"))
