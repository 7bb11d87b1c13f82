"""The orphans that repair finds, and their end, with real processes; and the locks of the backend."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import psutil
import pytest

from operations.repair import processes
from operations.repair.processes import Lock

SLEEP = "import sys, time; print('up', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
ENGINE = f"""
import subprocess, time
subprocess.Popen(["pulumi-resource-test", "-c", "import time; time.sleep(60)"], executable={sys.executable!r})
print("up", flush=True)
time.sleep(60)
"""
CUT = [b"", b'{"pid": 7,', b"[]", b"null", b"\xff{}", b'{"pid": "x"}', b'{"pid": null}', b'{"pid": -1}']


@pytest.fixture
def start(tmp_path: Path) -> Iterator:
    """Yield `start("pulumi-resource-test")`: a process of that name in the project's folder."""
    running: list[subprocess.Popen] = []

    def run(*command: str, folder: Path = tmp_path) -> subprocess.Popen:
        process = subprocess.Popen(command, executable=sys.executable, cwd=folder, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def plugin(start) -> subprocess.Popen:
    return start("pulumi-resource-test", "-Sc", SLEEP)


def orphans(project: Path) -> dict[int, str]:
    return {orphan.process.pid: orphan.command for orphan in processes.orphaned_processes(project)}


def test_a_plugin_without_its_pulumi_is_an_orphan_and_other_programs_are_not(tmp_path, start, plugin, tmp_path_factory):
    start("pulumi-resource-test", "-Sc", SLEEP, folder=tmp_path_factory.mktemp("other"))
    start("python-something", "-Sc", SLEEP)
    assert orphans(tmp_path) == {plugin.pid: "pulumi-resource-test"}


def test_an_orphan_that_ignores_the_request_is_made_to_end(tmp_path, start, monkeypatch):
    monkeypatch.setattr(processes, "GRACE", 0.1)
    plugin = start("pulumi-resource-test", "-Sc", DEAF)
    (orphan,) = processes.orphaned_processes(tmp_path)
    orphan.end()
    assert plugin.wait(timeout=5) == -9


def test_a_plugin_is_an_orphan_only_once_its_pulumi_is_gone(tmp_path, start):
    engine = start("pulumi", "-Sc", ENGINE)
    assert processes.is_run(engine.pid)
    assert orphans(tmp_path) == {}
    assert [running.process.pid for running in processes.running_engines(tmp_path)] == [engine.pid]
    engine.kill()
    engine.wait()
    assert processes.running_engines(tmp_path) == []
    (orphan,) = processes.orphaned_processes(tmp_path)
    orphan.end()
    assert not orphan.alive()


@pytest.mark.parametrize("command", ["repair", "adopt", "upgrade", "rotate-ca"])
def test_an_operation_that_locks_the_stack_counts_as_a_run(tmp_path, start, command):
    (tmp_path / "operations").write_text(SLEEP)
    assert processes.is_run(start(sys.executable, "-S", "operations", command).pid)


def test_a_process_that_may_not_be_looked_at_counts_as_a_run(monkeypatch, plugin):
    assert not processes.is_run(plugin.pid)
    monkeypatch.setattr(psutil.Process, "cmdline", Mock(side_effect=psutil.AccessDenied()))
    assert processes.is_run(plugin.pid)
    assert not processes.is_run(0)


def test_a_process_that_has_ended_but_was_not_waited_for_is_not_alive(tmp_path, plugin):
    (orphan,) = processes.orphaned_processes(tmp_path)
    orphan.end()
    assert not orphan.alive()
    assert plugin.returncode is None


def test_a_later_process_of_the_same_number_is_spared(tmp_path, plugin):
    (orphan,) = processes.orphaned_processes(tmp_path)
    # What psutil knows a process by: its number and its start.
    orphan.process._ident = (plugin.pid, 0.0)
    orphan.end()
    assert plugin.poll() is None


def test_locks_are_read_from_the_file_backend_alone(tmp_path):
    folder = tmp_path / ".pulumi" / "locks" / "organization" / "pi-mesh" / "test"
    folder.mkdir(parents=True)
    (folder / "one.json").write_text('{"pid": 7, "username": "ann", "hostname": "pi-1", "timestamp": "now"}')
    assert processes.read_locks(f"file://{tmp_path}", "test") == [Lock(7, "pi-1", "ann", "now")]
    assert processes.is_examinable(f"file://{tmp_path}")
    assert not processes.is_examinable("https://app.pulumi.com")


@pytest.mark.row(25)
@pytest.mark.parametrize("name", ["cut.json", "cut.json.18ead.tmp"])
@pytest.mark.parametrize("content", CUT, ids=repr)
def test_a_lock_file_cut_off_by_a_power_loss_or_a_full_disk_is_nobodys(tmp_path, name, content):
    folder = processes.lock_folder(f"file://{tmp_path}", "test")
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    (lock,) = processes.read_locks(f"file://{tmp_path}", "test")
    assert (lock, lock.here, lock.alive) == (Lock(0, socket.gethostname(), "?", "?"), True, False)


def test_locks_of_a_state_without_project_folders_are_found(tmp_path):
    folder = tmp_path / ".pulumi"
    (folder / "stacks").mkdir(parents=True)
    (folder / "stacks" / "test.json").write_text("{}")
    assert processes.lock_folder(f"file://{tmp_path}", "test") == folder / "locks" / "test"
