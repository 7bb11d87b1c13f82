"""The lock of the stack's backend, which repair and adopt hold while they work, so that no run can begin."""

import json
import os
import pwd
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from operations import pulumi
from operations.failures import ProblemError, signals_as_exceptions
from operations.pulumi import PulumiFailed
from operations.repair import observed_state, processes
from operations.repair.observed_state import ObservedState
from pi_mesh.checks.finding import Subject, error

ID = "backend lock"


class NotOurs(ProblemError):
    """Another process holds the lock: nothing more is written."""

    def __init__(self, stack: str, why: str, fix: str) -> None:
        super().__init__(error(ID, Subject("stack", stack), why, fix))


@contextmanager
def held_lock(now: ObservedState) -> Iterator["BackendLock"]:
    """Hold the lock of the stack until the end or a signal. Raises NotOurs where a run took it in the meantime."""
    if not now.locks_known:
        yield _Elsewhere()
        return
    lock = _InFolder(now)
    with signals_as_exceptions():
        lock.take()
        try:
            yield lock
        finally:
            lock.give_way()


class _InFolder:
    """A file backend's lock: a file as Pulumi writes it (pkg/backend/diy/lock.go), beside which no other may lie."""

    def __init__(self, now: ObservedState) -> None:
        self._stack, self._backend = now.stack, now.backend
        self._stale = {lock.file for lock in now.locks}
        self._file = processes.lock_folder(now.backend, now.stack) / f"{uuid4()}.json"

    def take(self) -> None:
        """Write the file, and look for another only afterwards, as Pulumi does: of two at once, none goes on."""
        content = {
            "pid": os.getpid(),
            "username": pwd.getpwuid(os.getuid()).pw_name,
            "hostname": socket.gethostname(),
            "timestamp": datetime.now().astimezone().isoformat(),
        }
        try:
            _write_whole(self._file, json.dumps(content))
        except OSError as problem:
            why = f"can't be locked: {problem.strerror}: {problem.filename}"
            raise NotOurs(self._stack, why, "make the backend's folder writable, then run this command again") from None
        for lock in processes.read_locks(self._backend, self._stack):
            if lock.file not in self._stale | {self._file}:
                self.give_way()
                raise NotOurs(self._stack, f"was locked in the meantime ({lock})", "wait until that run ends")

    def confirm(self, now: ObservedState) -> None:
        """Raise NotOurs unless no run can be under way."""
        if not self._file.exists():
            raise NotOurs(now.stack, "has lost its lock: somebody ran `pulumi cancel`", "run this command again")

    def give_way(self) -> None:
        """Make room for the one command of Pulumi that writes the state: it takes the lock itself."""
        self._file.unlink(missing_ok=True)


class _Elsewhere:
    """A backend whose lock only Pulumi can take: if it accepts the unchanged state, no run has the lock."""

    def confirm(self, now: ObservedState) -> None:
        state = pulumi.export(now.stack)
        if observed_state.comparable_content(state) != observed_state.comparable_content(now.state):
            fix = "wait until it ends, then run this command again"
            raise NotOurs(now.stack, "has changed in the meantime: a run is active", fix)
        try:
            pulumi.import_(now.stack, state)
        except PulumiFailed as problem:
            fix = "wait until that run ends; if it was killed: `pulumi cancel`, then run this command again"
            cause = problem.finding.message.removeprefix("failed: ")
            why = f"may be locked by a run, nothing more was written: {cause}"
            raise NotOurs(now.stack, why, fix) from None

    def give_way(self) -> None:
        """Do nothing: no lock is held between two commands."""


BackendLock = _InFolder | _Elsewhere


def _write_whole(file: Path, text: str) -> None:
    """Write a file in one step, so that no reader sees a part of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    half.write_text(text)
    half.rename(file)
