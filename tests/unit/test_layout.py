"""The layout of the repository: rooms of a sensible size, imports without a circle, tests at their source's path."""

import re
from pathlib import Path

import pytest

from pi_mesh.catalog.istio import MINORS
from tests.support import shape
from tests.support.shape import ROOT, python_files

UNIT = Path("tests/unit")
LONGEST, SHELF = 300, 60
"""Lines of the longest file, and lines below which a file is a shelf, which belongs into the room of its only user."""
LONGEST_CHAIN = 24
GRAMMAR_NAMES = 9
ENTRIES = ("components", "pi_mesh/addons", "pi_mesh/catalog", "pi_mesh/checks", "pi_mesh/settings", "policies/rules")
"""Folders whose files are entries of a list that a user knows: components, addons, checks, settings, rules."""
VERSIONS_AS_TEXT = """
tests/support/figures.py
tests/unit/operations/rehearse/test_job.py
"""
"""Files of tests that still have Istio's versions as text, or whose subject they are."""
PRODUCT = python_files(*shape.PRODUCT)
SOURCES = (*PRODUCT, *python_files("lab"))
TESTS = [path for path in python_files(str(UNIT)) if path.name.startswith("test_") and path.parent != UNIT]


@pytest.fixture(scope="module")
def graph() -> shape.Graph:
    return shape.imports()


def test_a_unit_test_lies_at_the_path_of_the_module_or_package_that_it_tests():
    sources = {test: test.relative_to(UNIT).with_name(test.stem.removeprefix("test_")) for test in TESTS}
    # The tests' own helpers have tests too: tests/unit/support/test_x.py is of tests/support/x.py.
    places = {test: (f"{path}.py", path / "__init__.py", f"tests/{path}.py") for test, path in sources.items()}
    assert [str(test) for test in TESTS if not any((ROOT / place).is_file() for place in places[test])] == []


def test_no_file_is_longer_than_a_room():
    assert {str(path): shape.lines(path) for path in SOURCES if shape.lines(path) > LONGEST} == {}


def test_no_shelf_stands_apart_from_its_only_user(graph):
    users = {file: [other for other in graph if file in graph[other]] for file in graph}
    shelves = [str(path) for path in PRODUCT if shape.lines(path) < SHELF and not path.name.startswith("__")]
    assert [file for file in shelves if len(users[file]) == 1 and not file.startswith(ENTRIES)] == []


def test_no_files_import_each_other_in_a_circle(graph):
    assert shape.circles(graph) == []


def test_the_longest_chain_of_imports_grows_no_longer(graph):
    assert shape.longest_chain(graph) <= LONGEST_CHAIN


def test_variables_name_their_content():
    assert sum(map(shape.grammar_names, PRODUCT)) <= GRAMMAR_NAMES


def test_every_dataclass_of_the_product_is_frozen():
    sources = {str(path): (ROOT / path).read_text() for path in python_files("operations", "pi_mesh", "policies")}
    thawed = r"^ *@dataclass(?!\(.*\bfrozen=True)"
    assert [file for file, text in sources.items() if re.search(thawed, text, re.MULTILINE)] == []


def test_tests_name_istios_newest_versions_and_the_ansible_roles():
    """`tests/support/versions.py` has the names: a new release of Istio changes the catalog and no test."""
    recent = "|".join(str(minor) for minor in MINORS if minor >= 30)
    version = re.compile(rf"(?<![\w.])1\.(?:(?:{recent})\.\d+|20\.3)(?!\w)")
    texts = {str(path): (ROOT / path).read_text().replace("\\", "") for path in python_files("tests")}
    with_literals = {file for file, text in texts.items() if version.search(text)}
    assert sorted(with_literals - {*VERSIONS_AS_TEXT.split()}) == []
