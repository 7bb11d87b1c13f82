"""The `pulumi up` of a rotation."""

import subprocess

import pytest

from operations import rotate_ca_stack
from tests.support import awaited


@awaited.truth("L6 a rotation rolls out whatever else is changed in the working tree, without the policies")
def test_a_rotation_changes_the_ca_and_what_hangs_on_it_alone(monkeypatch: pytest.MonkeyPatch):
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)

    rotate_ca_stack.next_generation("test", 1)

    (up,) = [command for command in commands if "up" in command]
    assert "--target" in up
    assert "--target-dependents" in up
