"""The comparison of findings with lines of text, for tables of tests."""

import inspect
import re
from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Any

import pytest

from pi_mesh.checks.finding import Finding


def case(sentence: str, *values: Any) -> Any:
    """Return a row of a parametrized test, with a sentence as its ID."""
    return pytest.param(*values, id=sentence)


def table(*rows: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the decorator that runs a test with each row: the test's last parameters are the columns."""
    columns = len(getattr(rows[0], "values", rows[0]))

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        names = [*inspect.signature(test).parameters][-columns:]
        return pytest.mark.parametrize(names, rows)(test)

    return decorate


def assert_lines(findings: Iterable[Finding], expected: str) -> None:
    """Assert one finding for each line, "LEVEL words": its text, "subject: message; fix", has the words around "…".

    "OK=3 words" also asserts the finding's number, and "OK words$" that the text ends there.
    """
    lines = [f"{finding.level.upper()}={finding.number} {finding}" for finding in findings]
    pairs = zip_longest(expected.splitlines(), lines, fillvalue="")
    assert all(_fits(pattern, line) for pattern, line in pairs), "\n".join(["", *lines, "is not", expected])


def _fits(pattern: str, line: str) -> bool:
    level, _, words = pattern.partition(" ")
    head = re.escape(level) if "=" in level else rf"{level}=\S+"
    text = ".*".join(map(re.escape, words.removesuffix("$").split("…")))
    return re.match(f"{head} .*{text}" + (r"\Z" if words.endswith("$") else ""), line, re.DOTALL) is not None
