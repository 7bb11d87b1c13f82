"""Short commands, and the lines in which the lab tells its user about progress and failure."""

import subprocess
import time
from collections.abc import Sequence

_BEGUN = time.monotonic()


class LabError(Exception):
    """A failure of the lab: one line for its user that says what, where, why and what to do."""


def print_progress(text: str) -> None:
    """Print one line at once, with the seconds since the program's start."""
    print(f"{time.monotonic() - _BEGUN:6.1f} s  {text}", flush=True)


def run(*command: str, stdin: str | None = None, env: dict[str, str] | None = None) -> str:
    """Run the command once and return its output. Raises LabError with the last line it wrote when it fails."""
    done = subprocess.run(command, input=stdin, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"{_short(command)} failed ({done.returncode}): {last_line(done.stderr or done.stdout)}")
    return done.stdout


def last_line(text: str) -> str:
    """Return the last line that is not blank, or a note that there is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it wrote nothing"


def _short(command: Sequence[str]) -> str:
    """Return the command for a message: without a script's text."""
    return " ".join(word if len(word) < 60 else word[:57] + "..." for word in command[:6])
