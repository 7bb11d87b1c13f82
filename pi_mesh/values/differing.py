"""Differences between two trees of Helm values."""

from collections.abc import Iterator, Mapping
from enum import Enum


class Absent(Enum):
    """The value of a field that does not exist."""

    ABSENT = "nothing"


ABSENT = Absent.ABSENT


def unequal(asked: Mapping, applied: Mapping, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Yield the path and both values of each leaf that differs; lists are leaves."""
    for key in sorted({*asked, *applied}):
        mine, theirs = (ABSENT if values.get(key) is None else values[key] for values in (asked, applied))
        below = f"{path}.{key}".lstrip(".")
        if isinstance(mine, dict) or isinstance(theirs, dict):
            ours, others = (value if isinstance(value, dict) else {} for value in (mine, theirs))
            yield from unequal(ours, others, below)
            # If a branch replaces a leaf, the leaf itself is yielded too.
            mine, theirs = (ABSENT if isinstance(value, dict) else value for value in (mine, theirs))
        if mine != theirs:
            yield below, mine, theirs
