"""The stack lab in a project folder of its own, so that a test may change its settings, and kill its runs."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

import yaml

from lab.cluster.environment import search_path, variables
from lab.cluster.names import CHECKOUT, LAB
from pi_mesh.waiting import until

STACK = "lab"
STACK_FILE = f"Pulumi.{STACK}.yaml"
PATIENCE = 600
"""Seconds for any one command."""
QUIET = ("--non-interactive", "--color", "never")
LARGER_ISTIOD = {
    "istio.resources.requests": {"cpu": "110m", "memory": "128Mi"},
    "istio.resources.limits": {"cpu": "500m", "memory": "256Mi"},
}
"""Settings by which an `up` upgrades istiod's release."""
HARMLESS = ("config", "preview", "stack")
"""Commands of pulumi that change nothing of a mesh."""


class Holds(Enum):
    """The known content of the stack, without a look at it."""

    UNKNOWN = auto()
    NOTHING = auto()
    THE_SHIPPED_MESH = auto()


@dataclass(frozen=True)
class Outcome:
    """The result of a command."""

    status: int
    output: str

    def must(self) -> "Outcome":
        """Return the outcome of a command that succeeded. Raises AssertionError, with all output, for any other."""
        assert self.status == 0, self.output
        return self

    def line_with(self, text: str) -> str:
        """Return the one line with the text. Raises AssertionError, with all output, where there is none."""
        lines = [line for line in self.output.splitlines() if text in line]
        assert lines, f"no line with {text!r} in:\n{self.output}"
        return lines[-1]

    def refused(self, text: str) -> str:
        """Return the one line with the text of a command that failed. Raises AssertionError for one that succeeded."""
        assert self.status != 0, self.output
        return self.line_with(text)

    @property
    def report(self) -> Any:
        """Return the JSON in the last line."""
        return json.loads(self.output.splitlines()[-1])

    @property
    def findings(self) -> list[dict[str, Any]]:
        return self.report["findings"]


@dataclass
class Timed:
    """A run whose output was read as it came: its lines with their seconds."""

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
        for at, line in self.lines:
            if text in line:
                return at, line
        raise AssertionError(f"no line with {text!r} in:\n{self.output}")


class Project:
    """A folder with a checkout's program and a stack file that tests may write."""

    def __init__(self, folder: Path, checkout: Path = CHECKOUT) -> None:
        """Use a program's `checkout`, together with this checkout's local cluster and Python packages."""
        folder.mkdir(exist_ok=True)
        self.folder, self._checkout = folder, checkout
        self.more: dict[str, str] = {}
        """Further environment variables."""
        self.holds = Holds.UNKNOWN
        self.tenants: list[Callable[[], None]] = []
        """Functions that remove the workloads that tests share, before the mesh below them goes."""
        entries = {".venv": CHECKOUT / ".venv", **{entry.name: entry for entry in checkout.iterdir()}, ".lab": LAB}
        for name, entry in entries.items():
            if name not in (STACK_FILE, ".git"):
                (folder / name).symlink_to(entry)
        self.reset()

    def reset(self) -> None:
        """Write the stack file as it is in the checkout."""
        (self.folder / STACK_FILE).write_text((self._checkout / STACK_FILE).read_text())

    def set(self, path: str, value: object) -> None:
        """Change a setting by its path, such as "istio.pilotReplicas"."""
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

    def change(self, settings: Mapping[str, object]) -> None:
        """Change several settings, each by its path."""
        for path, value in settings.items():
            self.set(path, value)

    @contextmanager
    def changed(self, settings: Mapping[str, object]) -> "Iterator[Outcome]":
        """Apply these settings for the block, and the checkout's afterwards."""
        self.change(settings)
        try:
            yield self.must_up()
        finally:
            self.reset()
            self.must_up()

    @contextmanager
    def with_variables(self, **more: str) -> Iterator[None]:
        """Add environment variables for the block."""
        before = dict(self.more)
        self.more.update(more)
        try:
            yield
        finally:
            self.more.clear()
            self.more.update(before)

    def is_as_shipped(self) -> bool:
        """Return True if the stack file equals the checkout's."""
        ours, shipped = (yaml.safe_load((folder / STACK_FILE).read_text()) for folder in (self.folder, self._checkout))
        return ours == shipped

    def must_hold_the_shipped_mesh(self) -> None:
        """Install the stack as it is in the checkout, unless it is installed like that."""
        self.reset()
        if self.holds is not Holds.THE_SHIPPED_MESH:
            self.must_up()

    def leave(self) -> None:
        """Remove the mesh that tests share, and restore the stack file."""
        while self.tenants:
            self.tenants.pop()()
        self.reset()

    def must_hold_nothing(self) -> None:
        """Destroy the installed mesh; do nothing where there is none."""
        self.leave()
        if self.holds is not Holds.NOTHING:
            # A test may have set trading hours, within which a destroy is refused.
            with self.with_variables(PI_MESH_IN_TRADING_HOURS="restart"):
                self.destroy().must()

    def up(self, *more: str) -> Outcome:
        outcome = self.pulumi("up", "--yes", "--skip-preview", *more)
        if outcome.status == 0 and self.is_as_shipped():
            self.holds = Holds.THE_SHIPPED_MESH
        return outcome

    def must_up(self, *more: str) -> Outcome:
        """Return the outcome of an `up` that succeeded. Raises AssertionError, with all output, for any other."""
        return self.up(*more).must()

    def must_recover(self) -> None:
        """Repair the stack, after which a plain `up` works and the mesh verifies."""
        self.must_be_repaired()
        self.must_up()
        self.operation("verify").must()

    def must_be_repaired(self) -> None:
        """Repair the stack; a release that is younger than its timeout is waited for."""
        until(lambda: self.operation("repair", "--yes").status == 0, seconds=150, pause=10)
        self.operation("repair", "--yes").must()

    def preview(self, *more: str) -> Outcome:
        return self.pulumi("preview", *more)

    def must_be_unchanged(self) -> None:
        """Raise AssertionError, with all output, if a preview finds anything to change."""
        self.preview("--expect-no-changes").must()

    def must_be_quiet(self) -> None:
        """Raise AssertionError if a look at the cluster finds a change, or if an `up` after it makes one."""
        self.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes").must()
        self.must_up("--refresh", "--expect-no-changes")

    def steps(self) -> list[dict[str, Any]]:
        """Return the engine's steps of a preview."""
        output = self.preview("--json").must().output
        return json.loads(output[output.index("{") :])["steps"]

    def state(self) -> dict[str, Any]:
        """Return the exported state; secrets are encrypted anew by every export."""
        return json.loads(self.pulumi("stack", "export").must().output)["deployment"]

    def resources(self) -> list[tuple[str, str]]:
        """Return the URN and the id of each resource that the state knows."""
        return [(entry["urn"], entry.get("id", "")) for entry in self.state().get("resources", [])]

    def outputs(self) -> dict[str, Any]:
        return json.loads(self.pulumi("stack", "output", "--json").must().output)

    def destroy(self, *more: str) -> Outcome:
        outcome = self.pulumi("destroy", "--yes", "--skip-preview", *more)
        if outcome.status == 0:
            self.holds = Holds.NOTHING
        return outcome

    def pulumi(self, *arguments: str) -> Outcome:
        if arguments[0] not in HARMLESS:
            self.holds = Holds.UNKNOWN
        return self.run("pulumi", *arguments, "--stack", STACK, *QUIET)

    def operation(self, *arguments: str) -> Outcome:
        if "--yes" in arguments:
            self.holds = Holds.UNKNOWN
        return self.run("python", "-m", "operations", *arguments, "--stack", STACK)

    def run(self, *command: str) -> Outcome:
        return run_in(self.folder, self.environment, *command)

    def start_up(self) -> "subprocess.Popen[str]":
        """Start an `up` in a session of its own."""
        return self.start("pulumi", "up", "--yes", "--skip-preview", "--stack", STACK, *QUIET)

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start a command that changes the mesh, in a session of its own."""
        self.holds = Holds.UNKNOWN
        return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, **self._where())

    def start_operation(self, *arguments: str) -> "subprocess.Popen[str]":
        return self.start("python", "-m", "operations", *arguments, "--stack", STACK)

    def timed_up(self) -> "Timed":
        """Run `pulumi up`, and note when each line comes."""
        command = ("pulumi", "up", "--yes", "--skip-preview", "--stack", STACK, *QUIET)
        began = last = time.monotonic()
        timed, self.holds = Timed(), Holds.UNKNOWN
        with subprocess.Popen(command, stdout=subprocess.PIPE, **self._where()) as run:
            for line in run.stdout or ():
                now = time.monotonic()
                timed.silence, last = max(timed.silence, now - last), now
                timed.lines.append((now - began, line.rstrip()))
        timed.status, timed.seconds = run.returncode, time.monotonic() - began
        return timed

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of the project's commands, which use the lab."""
        return {**os.environ, **variables(), "PATH": f"{search_path()}:{os.environ['PATH']}", **self.more}

    def _where(self) -> dict:
        return {"cwd": self.folder, "env": self.environment, "stderr": subprocess.STDOUT, "text": True}


def run_in(folder: Path, environment: dict[str, str], *command: str) -> Outcome:
    """Run a command to its end, with all its output in one text."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command, timeout=PATIENCE, cwd=folder, env=environment, text=True, **streams)
    return Outcome(done.returncode, done.stdout)


def kill_group(run: "subprocess.Popen[str]") -> None:
    """Kill the run's process group; its plugins have groups of their own and live on as orphans."""
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def kill_session(run: "subprocess.Popen[str]") -> None:
    """Kill every process that the run started, as a power cut does."""
    signal_session(run, signal.SIGKILL)
    run.wait()


def signal_session(run: "subprocess.Popen[str]", number: signal.Signals) -> None:
    """Send a signal to every process that the run started; SIGSTOP and SIGCONT make it pause."""
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        try:
            if os.getsid(pid) == run.pid:
                os.kill(pid, number)
        except ProcessLookupError:
            continue
