"""The statement at a line, and the tests that run first; `make mutants` installs the package that these tests need."""

import pytest

pytest.importorskip("cosmic_ray")

from tests.mutants import covering
from tests.support.findings import table

SOURCE = """\
LIMITS = (
    1,
    2,
)


def judged(left):
    if (
        left
        < LIMITS[0]
    ):
        return "late"
    for limit in LIMITS:
        print(limit)
"""


@table((2, range(1, 5)), (9, range(8, 12)), (12, range(12, 13)), (13, range(13, 14)), (14, range(14, 15)))
def test_a_statement_is_all_its_lines_and_a_block_only_its_head(line, lines):
    assert covering._statement(SOURCE, line) == lines


@pytest.mark.parametrize(("line", "inside"), [(2, False), (7, False), (8, True), (13, True)])
def test_an_import_runs_what_is_in_no_function(line, inside):
    assert covering._in_function(SOURCE, line) is inside


def test_the_mirrored_test_file_is_the_closest():
    folders = ("", "pi_mesh/checks/", "pi_mesh/certificates/", "pi_mesh/certificates/")
    names = ("properties", "root_trust", "pem", "trust")
    tests = [f"tests/unit/{folder}test_{name}.py::a" for folder, name in zip(folders, names, strict=True)]
    by_distance = sorted(tests, key=lambda test: covering._distance(test, "pi_mesh/certificates/trust.py"))
    assert by_distance == [tests[3], tests[2], tests[1], tests[0]]
