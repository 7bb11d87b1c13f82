"""The layout of the repository: tests mirror their sources, names are unique, files are small."""

import ast
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = Path("tests/unit")
PRODUCT = ("components", "lab", "operations", "pi_mesh", "policies")
LAYERS = (*sorted(path.parent.name for path in (ROOT / "pi_mesh").glob("*/__init__.py")), *PRODUCT)
LONGEST = 300


def python_files(*folders: str) -> list[Path]:
    """Return the Python files that git tracks or would add, below the repository."""
    command = ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted(Path(line) for line in set(listed) if line.endswith(".py") and (ROOT / line).exists())


TESTS = [path for path in python_files(str(UNIT)) if path.name.startswith("test_") and path.parent != UNIT]
SOURCES = [*python_files(*PRODUCT), Path("__main__.py")]


@pytest.mark.parametrize("test", TESTS, ids=str)
def test_a_unit_test_lies_at_the_path_of_the_module_or_package_that_it_tests(test: Path):
    below = test.relative_to(UNIT)
    source = below.parent / below.stem.removeprefix("test_")
    # The tests' own helpers have tests too: tests/unit/support/test_x.py is of tests/support/x.py.
    candidates = [ROOT / source.with_suffix(".py"), ROOT / source / "__init__.py", ROOT / "tests" / f"{source}.py"]
    assert any(path.is_file() for path in candidates), f"there is neither {source}.py nor a package {source}"


def layer(path: Path) -> str:
    """Return the layer of a product file: its package in pi_mesh, else its folder at the top."""
    return path.parts[1] if path.parts[0] == "pi_mesh" and len(path.parts) > 2 else path.parts[0]


@pytest.mark.parametrize("name", LAYERS)
def test_no_file_name_appears_twice_in_a_layer(name: str):
    names = Counter(path.name for path in SOURCES if layer(path) == name)
    assert [file for file, count in names.items() if count > 1 and not file.startswith("__")] == []


def test_no_product_file_is_longer_than_a_room():
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in SOURCES}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_no_product_file_imports_tests():
    assert [str(path) for path in SOURCES if "tests" in _imported(ROOT / path)] == []


def _imported(file: Path) -> set[str]:
    """Return the top-level names that a file imports."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    absolute = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.partition(".")[0] for name in plain | absolute}
