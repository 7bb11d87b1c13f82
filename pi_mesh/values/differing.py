"""Differences between two trees of Helm values."""

from collections.abc import Iterator, Mapping
from enum import Enum


class Absent(Enum):
    """The value of a field that does not exist."""

    ABSENT = "nothing"


ABSENT = Absent.ABSENT


def unequal(wanted: Mapping, applied: Mapping, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Yield the path and both values of each leaf that differs; lists are leaves."""
    for key in sorted({*wanted, *applied}):
        mine, theirs = (ABSENT if one.get(key) is None else one[key] for one in (wanted, applied))
        below = f"{path}.{key}".lstrip(".")
        if isinstance(mine, dict) or isinstance(theirs, dict):
            one, other = (entry if isinstance(entry, dict) else {} for entry in (mine, theirs))
            yield from unequal(one, other, below)
            # If a branch replaces a leaf, the leaf itself is yielded too.
            mine, theirs = (ABSENT if isinstance(one, dict) else one for one in (mine, theirs))
        if mine != theirs:
            yield below, mine, theirs
