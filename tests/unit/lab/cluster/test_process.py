"""The processes of the lab: started, watched and ended by their own record, and no other process ever."""

import contextlib
import dataclasses
import json
import os
import subprocess
from pathlib import Path

import pytest

from lab.cluster import process, records
from lab.cluster.shell import LabError
from tests.support.findings import case, table

BROKEN = ["sh", "-c", "echo port 6443 is taken >&2; exit 1"]
SLEEP = ["sleep", "60"]


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """Use separate records and logs, and end after each test the processes that it started."""
    monkeypatch.setattr(records, "RECORDS", tmp_path / "run")
    monkeypatch.setattr(process, "LOGS", tmp_path / "logs")
    yield
    for name in records.recorded():
        process.stop(name, seconds=0)


def open_files(pid: int) -> set[str]:
    opened = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since the listing
            opened.add(str(entry.readlink()))
    return opened


def test_a_process_gets_no_file_that_its_starter_left_open(tmp_path):
    with (tmp_path / "lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        started = process.start("sleeper", SLEEP)
        opened = open_files(started.pid)
    assert lock.name not in opened


def test_a_process_has_a_session_of_its_own_so_that_the_terminals_interrupt_passes_it_by():
    started = process.start("sleeper", SLEEP)
    assert os.getsid(started.pid) == started.pid != os.getsid(0)


def test_a_second_one_of_the_same_name_is_refused():
    process.start("sleeper", SLEEP)
    with pytest.raises(LabError, match="sleeper runs already"):
        process.start("sleeper", SLEEP)


def test_a_process_that_does_not_listen_is_ended_anyway():
    process.start("deaf", ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.05; done"])
    process.wait("deaf", lambda: "deaf" in process.log_file("deaf").read_text(), seconds=10)
    process.stop("deaf", seconds=0.2)
    assert not records.is_alive("deaf")


def test_a_process_id_that_the_kernel_gave_away_again_is_never_signalled():
    with subprocess.Popen(SLEEP) as stranger:
        record = process.start("sleeper", SLEEP)
        process.stop("sleeper")
        stale = dataclasses.replace(record, pid=stranger.pid, started=1)
        (records.RECORDS / "sleeper.json").write_text(json.dumps(dataclasses.asdict(stale)))
        process.stop("sleeper")
        assert stranger.poll() is None
        stranger.kill()


@table(
    case("that ends: its last words", BROKEN, 10, "waited ended while it started: port 6443 is taken"),
    case("for too long: the seconds", SLEEP, 0.2, r"waited: not reached after 0 s.*waited\.log"),
)
def test_waiting_names_the_process(command, seconds, says):
    process.start("waited", command)
    with pytest.raises(LabError, match=says):
        process.wait("waited", lambda: False, seconds=seconds)
