"""Single commands, run and timed in the lab's environment."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

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
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=directory, env=environment, stdout=pipe, stderr=pipe, text=True) as started:
        try:
            output, errors = started.communicate()
        except KeyboardInterrupt:
            # The command had the same signal: Pulumi ends what it has begun and writes its state.
            started.communicate()
            raise
    if started.returncode != 0:
        raise failure(command, started.returncode, output + errors)
    return output


def failure(command: Sequence[str], status: int, output: str) -> SystemExit:
    """Return the error of a command that failed, with the last lines of its output."""
    tail = "\n".join(output.splitlines()[-15:])
    return SystemExit(f"bench: `{' '.join(command)}` failed with status {status}:\n{tail}")


def seconds(command: Sequence[str], environment: Mapping[str, str], directory: Path = CHECKOUT) -> float:
    """Run the command and return its wall-clock seconds."""
    start = time.perf_counter()
    run(command, environment, directory)
    return time.perf_counter() - start
