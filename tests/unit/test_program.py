"""The program as Pulumi runs it: an error of the user's is one line, without a second one of Pulumi's."""

import contextvars
import gc
import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pulumi.runtime import config

from tests.support.recorder import record

ROOT = Path(__file__).parents[2]
REASON_SHOWN = 32
"""Status of pulumi-language-python-exec for an error whose reason the user has seen."""
SPARED = ("components.startup_watch", "cryptography", "pulumi_kubernetes", "pulumi_vault", "requests", "rich", "typer")
"""What a preview of a mesh without Vault and without certificates does not load."""


@pytest.fixture
def program(monkeypatch):
    """Return `program(**changes)`: run the stack lab with changed settings; its errors, and the status of its end."""
    monkeypatch.chdir(ROOT)
    shown: list[str] = []
    monkeypatch.setattr("pulumi.log.error", shown.append)

    def run(**changes: object) -> tuple[list[str], object]:
        content = yaml.safe_load((ROOT / "Pulumi.lab.yaml").read_text())["config"]
        content |= {f"pi-mesh:{key}": value for key, value in changes.items()}

        def whole() -> None:
            config.set_all_config({key: json.dumps(value) for key, value in content.items()})
            record(lambda: runpy.run_path("__main__.py"), "lab", preview=True)

        with pytest.raises(SystemExit) as left:
            contextvars.copy_context().run(whole)
        return shown, left.value.code

    return run


def test_a_wrong_setting_is_one_error_with_its_key(program):
    shown, status = program(istio={"version": "1.31.0", "nope": 1})
    assert len(shown) == 1
    assert "istio.nope: is not a setting" in shown[0]
    assert status == REASON_SHOWN


def test_a_command_that_is_too_old_is_one_error(program, monkeypatch):
    def refuse(wanted: str) -> None:
        raise RuntimeError(f"no {wanted} here")

    monkeypatch.setattr("pulumi.require_pulumi_version", refuse)
    shown, status = program()
    assert len(shown) == 1
    assert shown[0].startswith("this program needs the command pulumi")
    assert status == REASON_SHOWN


def test_a_preview_loads_nothing_that_it_does_not_need():
    program = f"import components.mesh, sys; print({{*{SPARED}}} & {{*sys.modules}})"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


def test_the_garbage_collector_is_on_again_after_the_program(program):
    program(istio={"version": "1.31.0", "nope": 1})
    assert gc.isenabled()
