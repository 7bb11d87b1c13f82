"""Spans: stretches of time with a name, on the lanes of a time line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """Something that took time."""

    lane: str
    """Who did it: the lane of the time line."""
    name: str
    start: float
    """Seconds since 1970, as all clocks of one machine have them."""
    end: float

    @property
    def seconds(self) -> float:
        """Return the duration."""
        return self.end - self.start


def lanes(spans: Iterable[Span]) -> dict[str, list[Span]]:
    """Return the spans by lane, in the order in which the lanes begin."""
    by_lane: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda one: one.start):
        by_lane.setdefault(span.lane, []).append(span)
    return by_lane


def rows(spans: Sequence[Span]) -> list[list[Span]]:
    """Return a lane's spans in as many rows as are needed so that none covers another one."""
    placed: list[list[Span]] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        row = next((row for row in placed if row[-1].end <= span.start), None)
        if row is None:
            placed.append(row := [])
        row.append(span)
    return placed
