"""Interleaved rounds: every contender runs once a round, so that a change of the machine's speed meets all of them."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Timed = Callable[[], float]


@dataclass(frozen=True)
class Series:
    """The seconds of one contender at one job, in the order of the rounds."""

    job: str
    contender: str
    seconds: Sequence[float]

    @property
    def median(self) -> float:
        """Return the median of the rounds."""
        return statistics.median(self.seconds)


def ratio(ours: Series, theirs: Series) -> float:
    """Return the median of the round-by-round ratios ours/theirs."""
    return statistics.median(a / b for a, b in zip(ours.seconds, theirs.seconds, strict=True))


def interleave(job: str, contenders: Mapping[str, Timed], runs: int, say: Callable[[str], None]) -> list[Series]:
    """Time each contender once a round, `runs` rounds."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for round_ in range(1, runs + 1):
        for name, timed in contenders.items():
            seconds[name].append(timed())
            say(f"{job}, round {round_} of {runs}: {name} {seconds[name][-1]:.2f} s")
    return [Series(job, name, tuple(values)) for name, values in seconds.items()]
