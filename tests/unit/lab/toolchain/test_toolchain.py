"""How the Go toolchain gets onto a machine that has none."""

import subprocess

import pytest

from lab.toolchain import toolchain
from tests.support import awaited


@awaited.safe("M16 an unpinned wheel is installed as root, and its program builds all others")
def test_the_wheel_of_go_is_installed_by_its_hash(tmp_path, monkeypatch: pytest.MonkeyPatch):
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess:
        commands.append(list(map(str, command)))
        (tmp_path / "cache").mkdir(exist_ok=True)
        return subprocess.CompletedProcess(command, 1, "", "stopped by the test")

    monkeypatch.setenv("PI_MESH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(toolchain.shutil, "which", lambda _: None)

    with pytest.raises(toolchain.GoMissingError):
        toolchain.go()

    assert "--require-hashes" in commands[0]
