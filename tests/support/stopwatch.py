"""A run whose output is read as it comes: what was said, after how many seconds, and how long it was silent."""

import subprocess
import time
from dataclasses import dataclass, field

from tests.support.project import QUIET, STACK, Holds, Project


@dataclass
class Timed:
    """The lines of a run, with their times."""

    status: int = 0
    seconds: float = 0.0
    silence: float = 0.0
    """The longest time without a line."""
    lines: list[tuple[float, str]] = field(default_factory=list)

    @property
    def output(self) -> str:
        return "\n".join(f"{at:6.1f} {line}" for at, line in self.lines)

    def first(self, text: str) -> tuple[float, str]:
        """Return the first line that holds the text, and its second. Raises AssertionError with all output."""
        found = next(((at, line) for at, line in self.lines if text in line), None)
        assert found, f"no line with {text!r} in:\n{self.output}"
        return found


def timed_up(project: Project) -> Timed:
    """Run `pulumi up`, and note when each line comes."""
    command = ("pulumi", "up", "--yes", "--skip-preview", "--stack", STACK, *QUIET)
    where = {"cwd": project.folder, "env": project.environment, "stderr": subprocess.STDOUT, "text": True}
    began = last = time.monotonic()
    timed = Timed()
    project.holds = Holds.UNKNOWN
    with subprocess.Popen(command, stdout=subprocess.PIPE, **where) as run:
        for line in run.stdout or ():
            now = time.monotonic()
            timed.silence, last = max(timed.silence, now - last), now
            timed.lines.append((now - began, line.rstrip()))
    timed.status, timed.seconds = run.returncode, time.monotonic() - began
    return timed
