"""The table of faults in docs/reliability.md: a test for every row, and a row for every line."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.reliability import table
from tests.support.reliability.plugin import DOCUMENT
from tests.support.reliability.rows import ROWS

TESTS = Path(__file__).parents[1]


def marked(file: Path) -> Iterator[tuple[int, str]]:
    """Yield each row that a file's tests stand for, with the test as the document names it."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for row in map(_row, node.decorator_list):
                if row is not None:
                    yield row, f"{file.relative_to(TESTS)}::{node.name}"


def _row(decorator: ast.expr) -> int | None:
    """Return the row that `@pytest.mark.row(number)` names; None for any other decorator."""
    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.row":
        return ast.literal_eval(decorator.args[0])
    return None


MARKED = [pair for file in sorted(TESTS.rglob("test_*.py")) for pair in marked(file)]


def test_every_row_has_a_test():
    assert sorted(set(ROWS) - {row for row, _ in MARKED}) == []


def test_no_test_stands_for_a_row_that_is_not_in_the_table():
    assert [(row, test) for row, test in MARKED if row not in ROWS] == []


def test_every_line_of_the_document_is_a_test_that_stands_for_its_row():
    lines = {(result.row, result.test) for result in table.read(DOCUMENT)}
    assert sorted(lines - set(MARKED)) == []


def test_every_test_that_stands_for_a_row_has_its_line_in_the_document():
    lines = {(result.row, result.test) for result in table.read(DOCUMENT)}
    assert sorted(set(MARKED) - lines) == []
