"""The answers of the program's own commands, and the versions on this machine."""

import subprocess
import sys

import pytest

from operations.report import contents
from operations.report.redaction import ArchiveFile


def answers(monkeypatch, code: str) -> dict[str, list]:
    """Return the files of commands that run this code instead."""
    real = subprocess.run

    def run(arguments, **more):
        assert arguments[:3] == [sys.executable, "-m", "operations"]
        assert arguments[4:] == ["-s", "test", "--json"]
        return real(["/bin/sh", "-c", code, arguments[3]], **more)

    monkeypatch.setattr(contents.subprocess, "run", run)
    return {command: contents.answer_files(command, "test") for command in contents.OWN_COMMANDS}


def test_every_command_is_asked_for_its_document(monkeypatch):
    said = answers(monkeypatch, """echo "{\\"operation\\": \\"$0\\"}" """)
    assert said == {name: [ArchiveFile(f"{name}.json", {"operation": name})] for name in contents.OWN_COMMANDS}


@pytest.mark.parametrize(("code", "problem", "errors"), [
    ("echo 'Traceback\nRuntimeError: made up' >&2; exit 1", "RuntimeError: made up", ["Traceback"]),
    ("", "it printed nothing", []),
    ("exec sleep 30", "no answer within 0.3 seconds", []),
])  # fmt: skip
def test_a_command_without_a_document_says_why(monkeypatch, code, problem, errors):
    monkeypatch.setattr(contents, "COMMAND_SECONDS", 0.3)
    missing, *files = answers(monkeypatch, code)["verify"]
    assert str(missing) == f"verify.json: is not in the archive: {problem}"
    assert [file.content.splitlines()[0] for file in files] == errors


def test_without_pulumi_its_absence_is_told_with_the_other_versions(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    versions = contents.local_versions()
    assert "the command pulumi is not on PATH" in versions["pulumi"]
    assert versions.keys() == {"pi-mesh", "machine", "pulumi"}
