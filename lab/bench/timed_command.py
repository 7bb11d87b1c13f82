"""Single commands, run and timed in the lab's environment."""

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.cluster.names import CHECKOUT


def lab_environment() -> dict[str, str]:
    """Return the variables after `. .lab/env`. Raises SystemExit when the local cluster is not up."""
    if not (CHECKOUT / ".lab/env").exists():
        raise SystemExit("bench: the local cluster is not up; run `make lab-up` first")
    listing = subprocess.run(
        ["bash", "-c", ". .lab/env && env -0"], cwd=CHECKOUT, check=True, capture_output=True, text=True
    ).stdout
    found = dict(entry.split("=", 1) for entry in listing.split("\0") if entry)
    # A user's Python keeps what it has compiled; some machines of developers forbid it, and pay 0.1 s in every preview.
    return {name: value for name, value in found.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(command: Sequence[str], environment: Mapping[str, str], directory: Path = CHECKOUT) -> str:
    """Run the command and return its output. Raises SystemExit with its last lines when it fails."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with begun(command, environment, directory, **pipes) as started:
        output, errors = started.communicate()
    if started.returncode != 0:
        raise failure(command, started.returncode, output + errors)
    return output


@contextmanager
def begun(
    command: Sequence[str], environment: Mapping[str, str], directory: Path = CHECKOUT, **streams: Any
) -> Iterator[subprocess.Popen]:
    """Start the command, and wait for it after the block, or after a Ctrl-C in the block.

    The command has had that signal too: Pulumi ends what it has begun and writes its state.
    """
    with subprocess.Popen(command, cwd=directory, env=environment, **streams) as started:
        try:
            yield started
        except KeyboardInterrupt:
            started.communicate()
            raise


def failure(command: Sequence[str], status: int, output: str) -> SystemExit:
    """Return the error of a command that failed, with the last lines of its output."""
    tail = "\n".join(output.splitlines()[-15:])
    return SystemExit(f"bench: `{' '.join(command)}` failed with status {status}:\n{tail}")


def seconds(command: Sequence[str], environment: Mapping[str, str], directory: Path = CHECKOUT) -> float:
    """Run the command and return its wall-clock seconds."""
    start = time.perf_counter()
    run(command, environment, directory)
    return time.perf_counter() - start
