"""Processes and locks that a killed `pulumi` leaves behind: its plugins, the Python program, and its locks."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from operator import not_
from pathlib import Path
from urllib.parse import unquote, urlparse

import psutil

from pi_mesh.names import PROJECT
from pi_mesh.waiting import until

ORPHANS = ("pulumi-resource-", "pulumi-language-")
ENGINE = "pulumi"
LOCKING = ("repair", "adopt", "upgrade", "rotate-ca")
"""Operations that hold the lock of the stack."""
GRACE = 5.0
"""Seconds between asking a process to end and forcing it."""


@dataclass(frozen=True)
class Process:
    """A helper process of Pulumi. psutil distinguishes it from a later process with the same id."""

    process: psutil.Process
    command: str

    @property
    def is_plugin(self) -> bool:
        return self.command.startswith("pulumi-resource-")

    def __str__(self) -> str:
        return f"{self.process.pid} ({self.command})"

    def alive(self) -> bool:
        """Return True while the process runs; False also for a zombie, which only waits for its parent."""
        try:
            return self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def end(self) -> None:
        """Ask the process to end, and force it after GRACE seconds."""
        for request in (self.process.terminate, self.process.kill):
            if not self.alive():
                return
            with suppress(psutil.NoSuchProcess):
                request()
            until(self.alive, GRACE, 0.1, done=not_)


def orphaned_processes(project: Path) -> list[Process]:
    """Return Pulumi's helper processes of this project and of this user whose pulumi is gone."""
    return [helper for helper in _named(project.resolve(), ORPHANS) if not _has_engine(helper.process)]


def running_engines(project: Path) -> list[Process]:
    """Return the pulumi processes of this project and of this user."""
    return [engine for engine in _named(project.resolve(), ENGINE) if _is_engine(engine.process)]


def is_run(pid: int) -> bool:
    """Return True where a pulumi, or an operation that locks the stack, runs under this process id."""
    if not pid:
        return False  # on macOS the kernel has this number, and may not be looked at
    try:
        words = psutil.Process(pid).cmdline()
        return _is_named_engine(words) or any({"operations", name} <= set(words) for name in LOCKING)
    except psutil.AccessDenied:
        return True  # another user's, who alone could say what it is
    except psutil.Error:
        return False


def _named(project: Path, begin: str | tuple[str, ...]) -> Iterator[Process]:
    for process in psutil.process_iter():
        try:
            if process.uids().real != os.getuid() or Path(process.cwd()) != project:
                continue
            names = [Path(word).name for word in process.cmdline()[:3]]
        except psutil.Error:
            continue  # it has ended in the meantime, or belongs to another user
        if name := next((name for name in names if name.startswith(begin)), None):
            yield Process(process, name)


def _has_engine(process: psutil.Process) -> bool:
    """Return True where one of the process's ancestors is a pulumi."""
    with suppress(psutil.NoSuchProcess):
        return any(_is_engine(ancestor) for ancestor in process.parents())
    return False


def _is_engine(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return _is_named_engine(process.cmdline())
    return False


def _is_named_engine(words: list[str]) -> bool:
    return any(Path(word).name == ENGINE for word in words[:1])


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
        return is_run(self.pid)

    def remove(self) -> None:
        """Remove only this lock: `pulumi cancel` would also remove those of other runs."""
        for file in (self.file, self.file.with_name(f"{self.file.name}.attrs")):
            file.unlink(missing_ok=True)

    def __str__(self) -> str:
        return f"{self.user}@{self.host}, process {self.pid}, since {self.since}"


def is_examinable(backend: str) -> bool:
    """Return True where the backend keeps its locks in a directory that this program can read."""
    return backend.startswith("file://")


def read_locks(backend: str, stack: str) -> list[Lock]:
    """Return the locks on a stack; an empty list for other kinds of backend."""
    if not is_examinable(backend):
        return []
    # A lock that a full disk left half-written still has its temporary name, and stops pulumi all the same.
    files = sorted(lock_folder(backend, stack).glob("*.json*"))
    return [_parse(file) for file in files if file.suffix in (".json", ".tmp")]


def lock_folder(backend: str, stack: str) -> Path:
    """Return the folder in which a file backend keeps the locks of a stack.

    A backend without meta.yaml has the layout from before projects had folders:
    https://github.com/pulumi/pulumi/blob/master/pkg/backend/diy/lock.go, and meta.go beside it.
    """
    parsed, name = urlparse(backend), stack.rpartition("/")[2]
    root = Path(os.path.normpath(Path(unquote(parsed.netloc + parsed.path)).expanduser())) / ".pulumi"
    by_project = (root / "meta.yaml").exists() or not (root / "stacks" / f"{name}.json").exists()
    return root / "locks" / (Path("organization") / PROJECT / name if by_project else name)


def _parse(file: Path) -> Lock:
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError):
        content = {}
    content = content if isinstance(content, dict) else {}
    pid = content.get("pid", 0)
    if not isinstance(pid, int) or pid < 0:
        content, pid = {}, 0  # cut off by a power loss: nobody holds it
    name = content.get("hostname", socket.gethostname())
    return Lock(pid, name, content.get("username", "?"), content.get("timestamp", "?"), file)
