"""The program as Pulumi runs it: an error of the user's is one line, without a second one of Pulumi's."""

import gc
import re
import subprocess
import sys

import pytest

from tests.support.preview import previewed
from tests.support.shape import ROOT
from tests.support.versions import NEWEST

REASON_SHOWN = 32
"""Status of pulumi-language-python-exec for an error whose reason the user has seen."""
SPARED = ("components.startup_watch", "cryptography", "pulumi_kubernetes", "pulumi_vault", "requests", "rich", "typer")
"""What a preview of a mesh without Vault and without certificates does not load."""


@pytest.fixture
def failed(monkeypatch):
    """Return `failed(**changes)`: preview the stack lab with changes; its errors, and its status."""
    shown: list[str] = []
    monkeypatch.setattr("pulumi.log.error", shown.append)

    def run(**changes: object) -> tuple[list[str], object]:
        with pytest.raises(SystemExit) as left:
            previewed(ROOT / "Pulumi.lab.yaml", **changes)
        return shown, left.value.code

    return run


def test_a_wrong_setting_is_one_error_with_its_key_and_the_garbage_collector_is_on_again(failed):
    (error,), status = failed(istio={"version": NEWEST, "nope": 1})
    assert "istio.nope: is not a setting" in error
    assert status == REASON_SHOWN
    assert gc.isenabled()


def test_a_command_that_is_too_old_is_one_error(failed, monkeypatch):
    def refuse(needed: str) -> None:
        raise RuntimeError(f"Please upgrade to {needed}.")

    monkeypatch.setattr("pulumi.require_pulumi_version", refuse)
    (error,), status = failed()
    assert re.match(r"this program needs the command pulumi >=3\.259\.0: Please upgrade .* install it: ", error)
    assert status == REASON_SHOWN


def test_a_preview_loads_nothing_that_it_does_not_need():
    program = f"import components.mesh, sys; print({{*{SPARED}}} & {{*sys.modules}})"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
