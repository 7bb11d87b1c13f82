"""The table of faults in docs/figures/reliability.md: a test for every row, and a row for every line."""

import ast
import re

from tests.support.reliability import table
from tests.support.reliability.plugin import DOCUMENT
from tests.support.reliability.rows import ROWS
from tests.support.shape import ROOT, python_files

SOURCES = {file.relative_to("tests"): (ROOT / file).read_text() for file in python_files("tests/live", "tests/unit")}
MARKED = {
    (int(row), f"{file}::{node.name}")
    for file, source in SOURCES.items()
    if "mark.row(" in source
    for node in ast.parse(source).body
    if isinstance(node, ast.FunctionDef)
    for row in re.findall(r"pytest\.mark\.row\((\d+)\)", " ".join(map(ast.unparse, node.decorator_list)))
}
"""Each row that a test stands for, with the test as the document names it."""


def test_every_row_has_a_test_and_no_test_stands_for_another_row():
    assert {row for row, _ in MARKED} == set(ROWS)


def test_the_document_has_a_line_for_every_test_that_stands_for_a_row_and_no_more():
    assert {(result.row, result.test) for result in table.read(DOCUMENT)} == MARKED
