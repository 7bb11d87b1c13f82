"""The line that a Python ends with that is too old, or lacks the project's packages; its garbage collector."""

import gc
import subprocess
import sys
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest

from pi_mesh import interpreter
from pi_mesh.interpreter import INSTALL, OLDEST, ROOT, too_old, without

ACTIVATE = "`.venv/bin/python -m operations`, or `. .venv/bin/activate` once in this shell"


@pytest.fixture
def with_venv(tmp_path: Path) -> Path:
    """Return a checkout's folder with a virtual environment."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    return tmp_path


def test_the_operations_without_their_packages_are_one_line_and_status_2():
    # -S: without the packages of the environment.
    command = [sys.executable, "-S", "-m", "operations", "verify", "-s", "lab"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith("error: the Python in ")
    assert "has no package typer; run `" in done.stderr


def test_an_error_of_our_own_code_is_not_called_a_missing_package():
    with pytest.raises(ModuleNotFoundError, match="pi_mesh"), interpreter.explained(SystemExit):
        raise ModuleNotFoundError("No module named 'pi_mesh.gone'", name="pi_mesh.gone")


def test_the_command_makes_the_virtual_environment_or_uses_it_or_installs_into_it(with_venv, tmp_path):
    (empty := tmp_path / "empty").mkdir()
    assert without("typer", empty, "/usr").endswith(f"; run `python3 -m venv .venv && {INSTALL}`")
    assert without("typer", with_venv, "/usr").endswith(f"run {ACTIVATE}")
    assert without("psutil", with_venv, str(with_venv / ".venv")).endswith(f"; run `{INSTALL}`")


def test_an_old_python_is_named_with_the_one_that_is_needed(with_venv):
    line = f"this is Python 3.9, and 3.11 or newer is needed; run `python3.11 -m venv --clear .venv && {INSTALL}`"
    assert too_old((3, 9), with_venv, str(with_venv / ".venv")) == line
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">={}.{}".format(*OLDEST)


@pytest.mark.parametrize("enabled", [True, False], ids=["that was on is on again", "that was off stays off"])
def test_a_garbage_collector_is_as_it_was_after_a_block_that_failed(enabled):
    if not enabled:
        gc.disable()
    try:
        with suppress(OSError), interpreter.no_search_for_cycles():
            assert gc.isenabled() is False
            raise OSError
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


@pytest.mark.parametrize(("asked", "searched"), [("", "searched\n"), ("interpreter.leave_at_once()", "")])
def test_pythons_last_search_for_cycles_can_be_spared(asked, searched):
    circle = "class Circle:\n  def __del__(self): print('searched')\none = Circle()\none.itself = one"
    program = f"import gc\nfrom pi_mesh import interpreter\n{asked}\ngc.disable()\n{circle}"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == searched
