"""The answers of the program's own commands: a document, or why there is none."""

import subprocess
import sys
from pathlib import Path

import pytest

from operations.report import contents


@pytest.fixture
def answers(monkeypatch):
    """Return `answers(code)`: the answers of commands that run this code instead."""

    def asked(code: str) -> dict[str, contents.Answer]:
        real = subprocess.run

        def run(arguments, **more):
            assert arguments[:3] == [sys.executable, "-m", "operations"]
            assert arguments[4:] == ["-s", "test", "--json"]
            return real([sys.executable, "-c", code, arguments[3]], **more)

        monkeypatch.setattr(contents.subprocess, "run", run)
        with contents.running_commands("test") as futures:
            return {answer.command: answer for answer in (future.result() for future in futures)}

    return asked


def test_every_command_is_asked_for_its_document(answers):
    said = answers("import sys; print('{\"operation\": \"' + sys.argv[1] + '\"}')")
    assert {name: answer.document["operation"] for name, answer in said.items()} == {
        name: name for name in contents.OWN_COMMANDS
    }
    assert not said["verify"].problem


def test_a_command_that_crashes_leaves_its_traceback(answers):
    answer = answers("raise RuntimeError('made up')")["verify"]
    assert answer.problem == "RuntimeError: made up"
    assert "Traceback" in answer.errors


def test_a_command_that_says_nothing_is_said_so(answers):
    assert answers("")["verify"].problem == "it printed nothing"


def test_a_command_that_hangs_is_ended(answers, monkeypatch):
    monkeypatch.setattr(contents, "COMMAND_SECONDS", 0.5)
    assert answers("import time; time.sleep(30)")["verify"].problem == "no answer within 0.5 seconds"


@pytest.fixture
def programs(tmp_path, monkeypatch) -> Path:
    """Return the only folder on PATH, with a `pulumi`, a `helm` that fails and a `kubectl` of another machine."""
    scripts = {
        "pulumi": '#!/bin/sh\n[ "$1" = version ] && echo v3.259.0 && exit\n'
        'echo \'[{"name": "kubernetes", "kind": "resource", "version": "4.25.0", "size": 1}]\'\n',
        "helm": "#!/bin/sh\nexit 3\n",
        "kubectl": "\x7fELF of another machine",
    }
    for name, script in scripts.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("programs")
def test_programs_say_their_versions_or_why_they_say_nothing():
    found = contents.local_versions()
    assert found["programs"] == {
        "pulumi": "v3.259.0",
        "helm": "ended with status 3",
        "kubectl": "the command kubectl can't be run: Exec format error",
        "istioctl": "the command istioctl is not on PATH",
    }
    assert found["plugins"] == [{"name": "kubernetes", "kind": "resource", "version": "4.25.0"}]


@pytest.mark.usefixtures("programs")
def test_the_packages_are_those_that_python_has():
    assert contents.local_versions()["packages"]["pulumi-kubernetes"] == "4.25.0"


def test_without_pulumi_the_plugins_are_not_known(programs):
    (programs / "pulumi").unlink()
    assert contents.local_versions()["plugins"] == "the command pulumi is not on PATH"


def test_a_package_that_is_not_installed_has_no_version(monkeypatch):
    monkeypatch.setattr(contents, "PACKAGES", ("no-such-package",))
    assert contents.local_versions()["packages"] == {"no-such-package": None}


def test_a_program_that_hangs_is_left_alone(programs, monkeypatch):
    monkeypatch.setattr(contents, "PROGRAM_SECONDS", 0.2)
    (programs / "helm").write_text("#!/bin/sh\nexec /bin/sleep 20\n")
    assert contents.local_versions()["programs"]["helm"] == "no answer within 0.2 seconds"
