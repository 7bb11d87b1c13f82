"""The fixtures of the operations' tests."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def pulumi_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return `pulumi_says(stdout, stderr, status)`.

    Put a `pulumi` on PATH that prints this and records its arguments.
    """

    def install(stdout: str = "", stderr: str = "", status: int = 0) -> None:
        (tmp_path / "out").write_text(stdout)
        (tmp_path / "err").write_text(stderr)
        command = tmp_path / "pulumi"
        said = f'cat "{tmp_path}/out"; cat "{tmp_path}/err" >&2; exit {status}'
        command.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/asked"; {said}\n')
        command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")

    return install
