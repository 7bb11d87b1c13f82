"""The answers of the program's own commands, and the versions on this machine."""

import subprocess
import sys

import pytest

from operations.report import contents
from operations.report.redaction import ArchiveFile
from tests.support.files import write_programs


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


PULUMI = """#!/bin/sh
[ "$1" = version ] && echo v3.259.0 && exit
echo '[{"name": "kubernetes", "kind": "resource", "version": "4.25.0"}]'
"""


PROGRAMS = {
    "pulumi": (PULUMI, "v3.259.0"),
    "helm": ("#!/bin/sh\nexit 3\n", "ended with status 3"),
    "kubectl": ("\x7fELF of another machine", "the command kubectl can't be run: Exec format error"),
    "istioctl": ("#!/bin/sh\nexec /bin/sleep 20\n", "no answer within 0.2 seconds"),
}


def test_programs_and_packages_say_their_versions_or_why_they_say_nothing(tmp_path, monkeypatch):
    write_programs(tmp_path, {name: script for name, (script, _) in PROGRAMS.items()})
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(contents, "PACKAGES", ("pulumi-kubernetes", "no-such-package"))
    monkeypatch.setattr(contents, "PROGRAM_SECONDS", 0.2)
    versions = contents.local_versions()
    assert versions["programs"] == {name: said for name, (_, said) in PROGRAMS.items()}
    assert versions["plugins"] == [{"name": "kubernetes", "kind": "resource", "version": "4.25.0"}]
    assert versions["packages"] == {"pulumi-kubernetes": "4.25.0", "no-such-package": None}


def test_without_pulumi_neither_its_version_nor_its_plugins_are_known(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    versions = contents.local_versions()
    assert versions["plugins"] == versions["programs"]["pulumi"] == "the command pulumi is not on PATH"
