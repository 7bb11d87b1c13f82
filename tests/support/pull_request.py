"""A clone of the checkout whose working tree is a pull request against its branch `main`."""

import os
import subprocess
import sys
from pathlib import Path

from lab.cluster.environment import CHARTS, search_path, variables
from lab.cluster.names import CHECKOUT

IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.com")


def clone(folder: Path) -> Path:
    """Return a new clone; its `main` has the checkout's last commit."""
    subprocess.run(["git", "clone", "--quiet", CHECKOUT, folder], check=True)
    git(folder, "checkout", "-B", "main")
    return folder


def git(folder: Path, *arguments: str) -> None:
    """Run a git command, under an author without a name."""
    subprocess.run(["git", "-C", folder, *IDENTITY, *arguments, "--quiet"], check=True)


def comment(folder: Path, *options: str) -> tuple[int, str]:
    """Return the exit status and the comment on the clone's changes, from the clone's own program."""
    environment = {**os.environ, **variables(), "PATH": f"{search_path()}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "operations.pull_request", "--base", "main", "--charts", str(CHARTS), *options]
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout
