"""The lock that repair holds: a file as Pulumi writes it, or a state that the backend takes back unchanged."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from operations import failures, pulumi
from operations.pulumi import PulumiFailed
from operations.repair import backend_lock, processes
from operations.repair.backend_lock import NotOurs
from operations.repair.observed_state import ObservedState
from tests.support.factories import make_settings
from tests.support.snapshots import STACK, make_snapshot

STATE = {"version": 3, "deployment": {"resources": [{"urn": "urn:x", "type": "t"}]}}


def situation(backend: str, **more) -> ObservedState:
    known = processes.is_examinable(backend)
    return ObservedState(STACK, make_settings(), make_snapshot(), STATE, backend=backend, locks_known=known, **more)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder in which Pulumi looks for locks."""
    return tmp_path / ".pulumi" / "locks" / "organization" / "pi-mesh" / STACK


@pytest.fixture
def now(tmp_path: Path) -> ObservedState:
    return situation(f"file://{tmp_path}")


def test_the_lock_is_a_file_of_pulumis_form_for_as_long_as_repair_works(now, folder):
    with backend_lock.held_lock(now):
        (file,) = folder.iterdir()
        content = json.loads(file.read_text())
        assert (content["pid"], content["hostname"]) == (os.getpid(), socket.gethostname())
        assert set(content) == {"pid", "username", "hostname", "timestamp"}
        assert file.suffix == ".json"
    assert list(folder.iterdir()) == []


def test_a_lock_that_came_in_between_is_respected_and_ours_goes(now, folder):
    folder.mkdir(parents=True)
    (folder / "theirs.json").write_text('{"pid": 7, "hostname": "pi-1", "username": "ann", "timestamp": "now"}')
    with pytest.raises(NotOurs, match=r"was locked in the meantime \(ann@pi-1"), backend_lock.held_lock(now):
        pass
    assert [file.name for file in folder.iterdir()] == ["theirs.json"]


def test_a_dead_runs_lock_that_is_about_to_go_is_no_obstacle(now, folder):
    folder.mkdir(parents=True)
    (folder / "stale.json").write_text("{}")
    stale = tuple(processes.read_locks(now.backend, STACK))
    with backend_lock.held_lock(situation(now.backend, locks=stale)):
        assert len(list(folder.iterdir())) == 2


@pytest.fixture(params=failures.ENDING)
def number(request: pytest.FixtureRequest) -> Iterator[int]:
    """Yield a signal that ends a process, also under `nohup`, which ignores SIGHUP."""
    before = signal.signal(request.param, signal.SIG_DFL)
    yield request.param
    signal.signal(request.param, before)


def test_a_signal_that_ends_repair_takes_the_lock_away(now, folder, number):
    with pytest.raises(SystemExit), backend_lock.held_lock(now):
        signal.raise_signal(number)
    assert list(folder.iterdir()) == []
    assert signal.getsignal(number) is signal.SIG_DFL


def test_a_signal_that_nohup_ignores_stays_ignored(now, folder, number):
    signal.signal(number, signal.SIG_IGN)
    with backend_lock.held_lock(now):
        signal.raise_signal(number)
        assert len(list(folder.iterdir())) == 1


def test_repair_stops_when_somebody_cancels_its_lock(now, folder):
    with backend_lock.held_lock(now) as lock:
        lock.confirm(now)
        for file in folder.iterdir():
            file.unlink()
        with pytest.raises(NotOurs, match="somebody ran `pulumi cancel`"):
            lock.confirm(now)


def test_a_folder_that_can_not_be_written_is_one_line(tmp_path):
    (tmp_path / ".pulumi").write_text("no folder")
    with pytest.raises(NotOurs, match="can't be locked: "), backend_lock.held_lock(situation(f"file://{tmp_path}")):
        pass


@pytest.mark.parametrize(("state", "refusal", "stop"), [
    pytest.param(STATE, "", "", id="the unchanged state is imported before a write"),
    pytest.param(STATE, "failed: the stack is currently locked by 1 lock(s)", r"currently locked by 1 lock\(s\)",
                 id="a backend that refuses the state"),
    pytest.param({"deployment": {"resources": []}}, "", "has changed in the meantime", id="a state that changed"),
])  # fmt: skip
def test_elsewhere_the_unchanged_state_is_the_lock(monkeypatch, state, refusal, stop):
    def import_(_: str, state: dict) -> None:
        if refusal:
            raise PulumiFailed("pulumi stack import", refusal, "")
        imported.append(state)

    imported: list[dict] = []
    monkeypatch.setattr(pulumi, "export", lambda _: state)
    monkeypatch.setattr(pulumi, "import_", import_)
    now = situation("s3://mesh-state")
    with backend_lock.held_lock(now) as lock, pytest.raises(NotOurs, match=stop) if stop else nullcontext():
        lock.confirm(now)
    assert imported == ([] if stop else [STATE])
