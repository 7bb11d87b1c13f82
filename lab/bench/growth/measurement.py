"""Commands, and what they take at one size: seconds of interleaved rounds, and memory in a run before them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.bench.growth.tree_memory import peak
from lab.bench.rounds import Say, Series, interleave
from lab.bench.timed_command import seconds
from lab.cluster.names import CHECKOUT


@dataclass(frozen=True)
class Job:
    """A command with its variables and its folder."""

    command: Sequence[str]
    environment: Mapping[str, str]
    directory: Path = CHECKOUT

    def seconds(self) -> float:
        """Run the command and return its seconds."""
        return seconds(self.command, self.environment, self.directory)

    def mebibytes(self) -> float:
        """Run the command and return its memory."""
        return peak(self.command, self.environment, self.directory)


@dataclass(frozen=True)
class Measured(Series):
    """The figures of one command (`contender`) at one size of a dimension (`job`)."""

    size: int
    mebibytes: float


def measure(dimension: str, size: int, jobs: Mapping[str, Job], runs: int, say: Say) -> list[Measured]:
    """Measure each command: first its memory, then its seconds in rounds."""
    memory = {}
    for name, job in jobs.items():
        memory[name] = job.mebibytes()
        say(f"{size} {dimension}: {name} {memory[name]:.0f} MiB")
    timed = interleave(f"{size} {dimension}", {name: job.seconds for name, job in jobs.items()}, runs, say)
    return [Measured(dimension, one.contender, one.seconds, size, memory[one.contender]) for one in timed]
