"""The document: a line for each test of a row, with its last result. Lines of tests that did not run stay."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.support.reliability.rows import ROWS

HEAD = """# Faults and bad inputs

What the mesh, the program and its operations survive, and how. Written by the tests themselves: `pytest --figures`.
Live tests run against a real cluster; what they saw is the last line a user reads, and what helps.
`unrecorded`: the test is there, but no run of it has written its result here yet. A line is quoted as it was printed on
the day of its run: findings in boxes (`│`) are of a run before 0.3.0.

| # | case | test | result | what is seen, and what helps |
|--:|---|---|---|---|
"""
LINE = re.compile(r"\| (\d+) \| .* \| `(.+?)` \| (\w+) \| (.*) \|")


@dataclass(frozen=True)
class Result:
    """The result of one test, for one row."""

    row: int
    test: str
    outcome: str
    seen: str

    def __str__(self) -> str:
        return f"| {self.row} | {ROWS[self.row]} | `{self.test}` | {self.outcome} | {self.seen} |"


def read(file: Path) -> list[Result]:
    """Return the results in the document; none where it does not exist yet."""
    text = file.read_text() if file.exists() else ""
    return [
        Result(int(match[1]), match[2], match[3], match[4]) for match in map(LINE.fullmatch, text.splitlines()) if match
    ]


def merged(old: Iterable[Result], new: Iterable[Result]) -> list[Result]:
    """Return the newest result of each test, by row."""
    latest = {(result.row, result.test): result for result in (*old, *new)}
    return [latest[key] for key in sorted(latest)]


def write(file: Path, results: Iterable[Result]) -> None:
    results = list(results)
    missing = [str(row) for row in ROWS if row not in {result.row for result in results}]
    covered = f"\n{len(ROWS) - len(missing)} of {len(ROWS)} rows have a test"
    rest = f"; without one: {', '.join(missing)}." if missing else "."
    file.write_text(HEAD + "\n".join(map(str, results)) + "\n" + covered + rest + "\n")
