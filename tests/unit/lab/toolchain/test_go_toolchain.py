"""The Go toolchain that builds the lab's programs."""

import subprocess
from pathlib import Path

import pytest

from lab.toolchain import go_toolchain

pytestmark = pytest.mark.usefixtures("tool_cache")


def test_scratch_is_ours_but_a_module_cache_of_the_environment_is_not():
    assert Path(go_toolchain.environment({})["GOMODCACHE"]) in go_toolchain.scratch()
    assert go_toolchain.environment({"GOMODCACHE": "/theirs"})["GOMODCACHE"] == "/theirs"


def test_the_wheel_of_go_is_installed_by_its_hash(monkeypatch: pytest.MonkeyPatch):
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess:
        commands.append(command)
        return subprocess.CompletedProcess(command, 1, "", "stopped by the test")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(go_toolchain.shutil, "which", lambda _: None)
    with pytest.raises(go_toolchain.GoMissingError):
        go_toolchain.go()
    assert "--require-hashes" in commands[0]
    assert "--only-binary=:all:" in commands[0]
