"""The comparison of two sets of named texts: which were added, removed or changed, and how."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

VERSION_LABEL = re.compile(r"[-+] +(helm\.sh/chart|app\.kubernetes\.io/version|chart): ")
"""A changed line that every new chart version brings."""


@dataclass(frozen=True)
class Change:
    """The texts of a changed object; None on the side that does not have it."""

    key: str
    before: str | None
    after: str | None

    @property
    def verb(self) -> str:
        return "create" if self.before is None else "delete" if self.after is None else "update"


def between(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """Return the changes: in the order of the new side, then the removed objects."""
    keys = dict.fromkeys([*after, *before])
    both = [Change(key, before.get(key), after.get(key)) for key in keys]
    return [change for change in both if change.before != change.after]


def diff(before: str | None, after: str | None, context: int = 3) -> str:
    """Return a unified diff without its file names."""
    lines = difflib.unified_diff((before or "").splitlines(), (after or "").splitlines(), lineterm="", n=context)
    return "\n".join(list(lines)[2:])


def whole_diff(before: str | None, after: str | None) -> str:
    """Return a diff with every unchanged line, and without line numbers."""
    return "\n".join(diff(before, after, context=10_000).splitlines()[1:])


def counts(diff: str) -> str:
    """Return how many lines a diff adds and removes."""
    lines = diff.splitlines()
    added, removed = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return f"+{added} -{removed}"


def is_version_only(diff: str) -> bool:
    """Return True where nothing changes except labels with the chart's version."""
    changed = [line for line in diff.splitlines() if line.startswith(("-", "+"))]
    return all(VERSION_LABEL.match(line) for line in changed)
