"""Further checkouts: a clone with a pull request against its branch `main`, and a second lab on the same machine."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from lab.cluster.cgroup import hierarchies
from lab.cluster.environment import CHARTS, search_path, variables
from lab.cluster.names import CHECKOUT
from tests.support.files import git


def clone(folder: Path) -> Path:
    """Return a new clone; its `main` has the checkout's last commit."""
    subprocess.run(["git", "clone", "--quiet", CHECKOUT, folder], check=True)
    git(folder, "checkout", "-B", "main")
    return folder


def comment(folder: Path, *options: str) -> tuple[int, str]:
    """Return the exit status and the comment on the clone's changes, from the clone's own program."""
    environment = {**os.environ, **variables(), "PATH": f"{search_path()}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "operations.pull_request", "--base", "main", "--charts", str(CHARTS), *options]
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


class SecondCheckout:
    """A copy of the lab, and of the package that it uses, elsewhere, with a cluster of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for package in ("lab", "pi_mesh"):
            shutil.copytree(CHECKOUT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
        self.identity = self._run("-c", "from lab.cluster.names import IDENTITY; print(IDENTITY)").strip()

    def lab(self, command: str) -> str:
        """Run `python -m lab COMMAND` there and return its output. Raises AssertionError with it when it fails."""
        return self._run("-m", "lab", command)

    def _run(self, *arguments: str) -> str:
        command, environment = [sys.executable, *arguments], _outside_of_this_lab()
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start_and_kill(self, line: str) -> None:
        """Begin a start, and kill it as soon as it has written a line with this text."""
        command = [sys.executable, "-m", "lab", "up"]
        environment = _outside_of_this_lab()
        with subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, text=True) as starting:
            assert starting.stdout is not None
            for written in starting.stdout:
                if line in written:
                    break
            starting.send_signal(signal.SIGKILL)

    def traces(self) -> set[str]:
        """Return the processes, namespaces, mounts, cgroups and files of the checkout's cluster, and all interfaces."""
        names = (self.identity, str(self.folder / ".lab"))
        mounts = {line for line in Path("/proc/self/mounts").read_text().splitlines() if any(n in line for n in names)}
        cgroups = {str(path) for hierarchy in hierarchies() for path in hierarchy.glob(f"{self.identity}*")}
        files = {str(path) for path in self.folder.glob(".lab*")}
        return mounts | cgroups | files | _processes(names) | {str(link) for link in Path("/sys/class/net").iterdir()}


def _outside_of_this_lab() -> dict[str, str]:
    """Return the environment without the name of this test process's lab, which another checkout has not."""
    return {name: value for name, value in os.environ.items() if name != "PI_MESH_LAB"}


def _processes(names: tuple[str, ...]) -> set[str]:
    """Return the command lines of processes that name the checkout or are in one of its cgroups."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, groups = (process / "cmdline").read_text(), (process / "cgroup").read_text()
        except OSError:  # ended in the meantime
            continue
        # Without a command line it is a thread of the kernel, or has ended and waits for init to take notice.
        if command and any(name in command + groups for name in names):
            found.add(command + groups)
    return found
