"""Running a short command, once, with an error that says what failed."""

import subprocess
from collections.abc import Sequence


class LabError(Exception):
    """What the user reads: one line that says what, where, why and what to do."""


def run(*command: str, stdin: str | None = None, env: dict[str, str] | None = None) -> str:
    """The command's output. Raises LabError with the last line it wrote when it fails."""
    done = subprocess.run(command, input=stdin, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"{_short(command)} failed ({done.returncode}): {last_line(done.stderr or done.stdout)}")
    return done.stdout


def last_line(text: str) -> str:
    """The last line that says something, or a note that there is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it wrote nothing"


def _short(command: Sequence[str]) -> str:
    """The command for a message: without a script's text."""
    return " ".join(word if len(word) < 60 else word[:57] + "..." for word in command[:6])
