"""The comparison of findings with lines of text, for tables of tests."""

import re
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

import pytest

from pi_mesh.checks.finding import Finding


def case(sentence: str, *values: Any) -> Any:
    """Return a row of a parametrized test, with a sentence as its ID."""
    return pytest.param(*values, id=sentence)


def assert_lines(findings: Iterable[Finding], expected: str) -> None:
    """Assert one finding for each line, "LEVEL words": its text, "subject: message; fix", has the words around "…"."""
    lines = [f"{finding.level.upper()} {finding}" for finding in findings]
    pairs = zip_longest(expected.splitlines(), lines, fillvalue="")
    assert all(_fits(pattern, line) for pattern, line in pairs), "\n".join(["", *lines, "is not", expected])


def _fits(pattern: str, line: str) -> bool:
    level, _, words = pattern.partition(" ")
    return re.match(rf"{level} .*" + ".*".join(map(re.escape, words.split("…"))), line, re.DOTALL) is not None
