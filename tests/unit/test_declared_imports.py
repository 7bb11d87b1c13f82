"""The declared packages: every import of the product, because a package of another one may disappear with it."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("components", "operations", "pi_mesh")
FILES = [path for room in PRODUCT for path in sorted((ROOT / room).rglob("*.py"))]
distributions = cache(packages_distributions)


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names = [re.match(r"[\w.-]+", requirement) for requirement in content["project"]["dependencies"]]
    return {normalized(name[0]) for name in names if name}


def imported(file: Path) -> Iterator[str]:
    """Yield the third-party packages that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules = [node.module]
        for package in {module.partition(".")[0] for module in modules}:
            if package not in sys.stdlib_module_names and not (ROOT / package).is_dir():
                yield package


def undeclared(packages: set[str]) -> list[str]:
    def is_declared(package: str) -> bool:
        return any(normalized(name) in declared() for name in distributions().get(package, ()))

    return sorted(package for package in packages if not is_declared(package))


@pytest.mark.parametrize("room", PRODUCT)
def test_every_package_that_is_imported_is_a_declared_dependency(room):
    files = [file for file in FILES if file.is_relative_to(ROOT / room)]
    packages = {package for file in files for package in imported(file)}
    assert packages, "the folder was not found"
    assert undeclared(packages) == []


def test_a_package_that_only_the_tests_need_would_be_found():
    assert undeclared({"typer", "hypothesis"}) == ["hypothesis"]


def test_what_is_declared_is_in_the_requirements_that_the_readme_installs():
    locked = {normalized(line.partition("==")[0]) for line in (ROOT / "requirements.txt").read_text().splitlines()}
    assert declared() <= locked
