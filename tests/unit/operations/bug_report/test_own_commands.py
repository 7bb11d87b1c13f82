"""The answers of the program's own commands: a document, or why there is none."""

import subprocess
import sys

import pytest

from operations.bug_report import own_commands


@pytest.fixture
def answers(monkeypatch):
    """Return `answers(code)`: the answers of commands that run this code instead."""

    def asked(code: str) -> dict[str, own_commands.Answer]:
        real = subprocess.run

        def run(arguments, **more):
            assert arguments[:3] == [sys.executable, "-m", "operations"]
            assert arguments[4:] == ["-s", "test", "--json"]
            return real([sys.executable, "-c", code, arguments[3]], **more)

        monkeypatch.setattr(own_commands.subprocess, "run", run)
        with own_commands.running("test") as futures:
            return {answer.command: answer for answer in (future.result() for future in futures)}

    return asked


def test_every_command_is_asked_for_its_document(answers):
    said = answers("import sys; print('{\"operation\": \"' + sys.argv[1] + '\"}')")
    assert {name: answer.document["operation"] for name, answer in said.items()} == {
        name: name for name in own_commands.COMMANDS
    }
    assert not said["verify"].problem


def test_a_command_that_crashes_leaves_its_traceback(answers):
    answer = answers("raise RuntimeError('made up')")["verify"]
    assert answer.problem == "RuntimeError: made up"
    assert "Traceback" in answer.errors


def test_a_command_that_says_nothing_is_said_so(answers):
    assert answers("")["verify"].problem == "it printed nothing"


def test_a_command_that_hangs_is_ended(answers, monkeypatch):
    monkeypatch.setattr(own_commands, "SECONDS", 0.5)
    assert answers("import time; time.sleep(30)")["verify"].problem == "no answer within 0.5 seconds"
