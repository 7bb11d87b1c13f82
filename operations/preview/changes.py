"""Two sides compared: which keys came, went or changed, and how."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")

VERSION_LABEL = re.compile(r"[-+] +(helm\.sh/chart|app\.kubernetes\.io/version|chart): ")
"""A changed line that every new chart version brings."""


@dataclass(frozen=True)
class Change(Generic[T]):
    """One thing that differs; a side that does not have it is None."""

    key: str
    before: T | None
    after: T | None

    @property
    def verb(self) -> str:
        return "create" if self.before is None else "delete" if self.after is None else "update"


def between(before: Mapping[str, T], after: Mapping[str, T]) -> list[Change[T]]:
    """What differs: in the order of the new side, then what is gone."""
    keys = dict.fromkeys([*after, *before])
    both = [Change(key, before.get(key), after.get(key)) for key in keys]
    return [change for change in both if change.before != change.after]


def leaves(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every value that differs between two trees, with its path; what one side lacks is None."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            yield from leaves(before.get(key), after.get(key), f"{path}.{key}".lstrip("."))
    elif before != after:
        yield path, before, after


def diff(before: str | None, after: str | None) -> str:
    """A unified diff without its file names."""
    lines = difflib.unified_diff((before or "").splitlines(), (after or "").splitlines(), lineterm="", n=3)
    return "\n".join(list(lines)[2:])


def is_version_only(diff: str) -> bool:
    """Whether nothing changes but labels that tell the chart's version."""
    changed = [line for line in diff.splitlines() if line.startswith(("-", "+"))]
    return all(VERSION_LABEL.match(line) for line in changed)
