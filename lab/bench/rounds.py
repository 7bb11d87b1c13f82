"""Interleaved rounds: every contender runs once a round, so that a change of the machine's speed meets all of them."""

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb

Timed = Callable[[], float]
Say = Callable[[str], None]
SURE = 0.95
"""Probability with which the median of all possible rounds is in the interval."""


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
    return statistics.median(ratios(ours, theirs))


def ratios(ours: Series, theirs: Series) -> list[float]:
    """Return the round-by-round ratios ours/theirs."""
    return [a / b for a, b in zip(ours.seconds, theirs.seconds, strict=True)]


def interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the 95 % interval of the median, whatever the distribution; None of fewer than six values.

    The median lies outside the k-th least and the k-th most value as often as a coin falls on one side fewer than k
    times (https://en.wikipedia.org/wiki/Sign_test).
    """
    ordered, count = sorted(values), len(values)
    outside, k = 0.0, 0
    while outside + 2 * comb(count, k) / 2**count <= 1 - SURE:
        outside += 2 * comb(count, k) / 2**count
        k += 1
    return (ordered[k - 1], ordered[-k]) if k else None


def interleave(job: str, contenders: Mapping[str, Timed], runs: int, say: Say) -> list[Series]:
    """Time each contender once a round, `runs` rounds, each in an order of its own."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for round_ in range(1, runs + 1):
        for name in random.sample([*contenders], len(contenders)):
            seconds[name].append(contenders[name]())
            say(f"{job}, round {round_} of {runs}: {name} {seconds[name][-1]:.2f} s")
    return [Series(job, name, tuple(values)) for name, values in seconds.items()]
