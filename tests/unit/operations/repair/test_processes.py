"""The orphans that repair finds, and their end; with real processes."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.repair import processes

SLEEP = "import sys, time; print('up', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"

ENGINE = f"""
import subprocess, time
subprocess.Popen(["pulumi-resource-test", "-c", "import time; time.sleep(60)"], executable={sys.executable!r})
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def start(project: Path) -> Iterator:
    """Yield `start("pulumi-resource-test")`: a process of that name in the project's folder."""
    running: list[subprocess.Popen] = []

    def run(name: str, code: str = SLEEP, folder: Path = project) -> subprocess.Popen:
        process = subprocess.Popen(
            [name, "-c", code], executable=sys.executable, cwd=folder, stdout=subprocess.PIPE, text=True
        )
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


def test_a_plugin_without_its_pulumi_is_an_orphan(project, start):
    plugin = start("pulumi-resource-test")
    assert [(one.process.pid, one.command) for one in processes.orphaned_processes(project)] == [
        (plugin.pid, "pulumi-resource-test")
    ]


def test_a_plugin_of_another_project_is_none_of_ours(project, start, tmp_path_factory):
    start("pulumi-resource-test", folder=tmp_path_factory.mktemp("other"))
    assert processes.orphaned_processes(project) == []


def test_a_program_of_another_name_is_no_orphan(project, start):
    start("python-something")
    assert processes.orphaned_processes(project) == []


def test_an_orphan_that_ignores_the_request_is_made_to_end(project, start, monkeypatch):
    monkeypatch.setattr(processes, "GRACE", 0.3)
    plugin = start("pulumi-resource-test", DEAF)
    (orphan,) = processes.orphaned_processes(project)
    orphan.end()
    assert plugin.wait(timeout=5) == -9


def test_a_plugin_is_an_orphan_only_once_its_pulumi_is_gone(project, start):
    engine = start("pulumi", ENGINE)
    assert processes.is_run(engine.pid)
    assert processes.orphaned_processes(project) == []
    assert [one.process.pid for one in processes.running_engines(project)] == [engine.pid]
    engine.kill()
    engine.wait()
    assert processes.running_engines(project) == []
    (orphan,) = processes.orphaned_processes(project)
    orphan.end()
    assert not orphan.alive()


def test_a_repair_counts_as_a_run(tmp_path):
    (tmp_path / "operations").write_text(SLEEP)
    with subprocess.Popen([sys.executable, "operations", "repair"], cwd=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert processes.is_run(process.pid)
        process.kill()


def test_a_process_that_has_ended_but_was_not_waited_for_is_not_alive(project, start):
    plugin = start("pulumi-resource-test")
    (orphan,) = processes.orphaned_processes(project)
    orphan.end()
    assert not orphan.alive()
    assert plugin.returncode is None


def test_a_later_process_of_the_same_number_is_spared(project, start):
    plugin = start("pulumi-resource-test")
    (orphan,) = processes.orphaned_processes(project)
    # What psutil knows a process by: its number and its start.
    orphan.process._ident = (plugin.pid, 0.0)
    orphan.end()
    assert plugin.poll() is None
