"""An empty tool cache and programs on PATH for the unit tests of the lab's toolchain."""

import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture
def tool_cache(tmp_path, monkeypatch):
    """Return an empty cache, with nothing on PATH except what a test puts there."""
    monkeypatch.setenv("PI_MESH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.delenv("GOMODCACHE", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def install(tmp_path):
    """Return `install("helm", "v3.20.9")`: put a program on PATH that always prints this version."""

    def put(name: str, answer: str) -> Path:
        program = tmp_path / "path" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\necho '{answer}'\n")
        program.chmod(0o755)
        return program

    return put


@pytest.fixture
def go(install, tmp_path):
    """Return `go("exit 1")`: put a Go toolchain on PATH that runs this shell code, except for its version."""

    def put(*lines: str) -> None:
        setpriv = shutil.which("setpriv", path=os.defpath)
        assert setpriv, "util-linux is not installed"
        (tmp_path / "path").mkdir(exist_ok=True)
        (tmp_path / "path" / "setpriv").symlink_to(setpriv)
        install("go", "").write_text("\n".join(["#!/bin/sh", '[ "$1" = version ] && echo go1.26.8 && exit', *lines]))

    return put
