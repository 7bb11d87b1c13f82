"""The stack lab in a project folder of its own, so that a test may change its settings, and kill its runs."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from lab.cluster.environment import search_path, variables
from lab.cluster.names import CHECKOUT

STACK = "lab"
STACK_FILE = f"Pulumi.{STACK}.yaml"
PATIENCE = 600
"""Seconds for any one command."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    status: int
    output: str

    def line_with(self, text: str) -> str:
        """The one line that holds the text. Raises AssertionError, with all output, where there is none."""
        lines = [line for line in self.output.splitlines() if text in line]
        assert lines, f"no line with {text!r} in:\n{self.output}"
        return lines[-1]


class Project:
    """A folder with the checkout's program and a stack file that tests may write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.more: dict[str, str] = {}
        """Further environment variables."""
        for entry in CHECKOUT.iterdir():
            if entry.name not in (STACK_FILE, ".git"):
                (folder / entry.name).symlink_to(entry)
        self.reset()

    def reset(self) -> None:
        """The stack file as it is in the checkout."""
        (self.folder / STACK_FILE).write_text((CHECKOUT / STACK_FILE).read_text())

    def set(self, path: str, value: object) -> None:
        """Changes a setting by its path, such as "istio.pilotReplicas"."""
        file = self.folder / STACK_FILE
        content = yaml.safe_load(file.read_text())
        key, *rest = path.split(".")
        if rest:
            branch = content["config"].setdefault(f"pi-mesh:{key}", {})
            for part in rest[:-1]:
                branch = branch.setdefault(part, {})
            branch[rest[-1]] = value
        else:
            content["config"][f"pi-mesh:{key}"] = value
        file.write_text(yaml.safe_dump(content))

    def up(self, *more: str) -> Outcome:
        return self.pulumi("up", "--yes", "--skip-preview", *more)

    def preview(self, *more: str) -> Outcome:
        return self.pulumi("preview", *more)

    def destroy(self, *more: str) -> Outcome:
        return self.pulumi("destroy", "--yes", "--skip-preview", *more)

    def pulumi(self, *arguments: str) -> Outcome:
        return self.run("pulumi", *arguments, "--stack", STACK, "--non-interactive", "--color", "never")

    def operation(self, *arguments: str) -> Outcome:
        return self.run("python", "-m", "operations", *arguments, "--stack", STACK)

    def run(self, *command: str) -> Outcome:
        done = subprocess.run(command, timeout=PATIENCE, **self._where(), stdout=subprocess.PIPE)
        return Outcome(done.returncode, done.stdout)

    def start_up(self) -> "subprocess.Popen[str]":
        """An `up` in a session of its own, under way."""
        command = ("pulumi", "up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive", "--color", "never")
        return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, **self._where())

    def _where(self) -> dict:
        environment = {**os.environ, **variables(), "PATH": f"{search_path()}:{os.environ['PATH']}", **self.more}
        return {"cwd": self.folder, "env": environment, "stderr": subprocess.STDOUT, "text": True}


def kill_group(run: "subprocess.Popen[str]") -> None:
    """SIGKILL to the run's process group: its plugins, which have groups of their own, live on as orphans."""
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def kill_session(run: "subprocess.Popen[str]") -> None:
    """SIGKILL to everything that the run started, as a power cut would."""
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        try:
            if os.getsid(pid) == run.pid:
                os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    run.wait()


def wait_for(what: str, seen: Callable[[], object], seconds: float = 120) -> None:
    """Returns as soon as it is seen. Raises AssertionError: a fault that could not be injected fails its test."""
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, f"never seen: {what}"
        time.sleep(0.05)
