"""The memory of a command's processes."""

import os
import sys
from pathlib import Path

import pytest

from lab.bench.growth.tree_memory import peak

HELD = 60
HOLD = f"import time; held = b'x' * ({HELD} << 20); time.sleep(0.4)"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_the_memory_of_a_commands_children_counts():
    parent = python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}], check=True)")
    assert HELD < peak(parent, os.environ, Path.cwd()) < 3 * HELD


def test_a_command_that_fails_ends_the_measurement_with_its_last_lines():
    with pytest.raises(SystemExit, match=r"failed with status 1:\n(.*\n)*.*no such stack"):
        peak(python("import sys; sys.exit('no such stack')"), os.environ, Path.cwd())
