"""The project's versions: the pinned packages, the declared ones, and the changelog's."""

import re
import sys
import tomllib
from importlib.metadata import files, version

import pytest
from packaging.utils import canonicalize_name

from tests.support import shape
from tests.support.shape import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PROVIDERS = ("pulumi", "pulumi-kubernetes", "pulumi-vault")
DECLARED = {canonicalize_name(re.split(r"[^\w.-]", requirement)[0]) for requirement in PROJECT["dependencies"]}
LOCKED = (ROOT / "requirements.txt").read_text().splitlines()


@pytest.mark.row(42)
@pytest.mark.parametrize("package", PROVIDERS)
def test_the_package_is_pinned_exactly_and_an_install_takes_the_one_that_runs(package):
    assert f"{package}=={version(package)}" in PROJECT["dependencies"]
    assert any(line.startswith(f"{package}=={version(package)}") for line in LOCKED)


def test_every_package_that_the_product_imports_is_declared_and_locked():
    imported = set().union(*map(shape.top_level_imports, shape.python_files("components", "operations", "pi_mesh")))
    packages = {name for name in imported - sys.stdlib_module_names if name and not (ROOT / name).is_dir()}
    declared = {file.parts[0].removesuffix(".py") for name in DECLARED for file in files(name) or ()}
    assert "pydantic" in packages
    assert sorted(packages - declared) == []
    assert sorted(DECLARED - {canonicalize_name(line.partition("==")[0]) for line in LOCKED}) == []


def test_the_newest_heading_of_the_changelog_is_the_version_of_the_project():
    heading = re.search(r"^## (\S+) \((.+)\)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heading
    number, state = heading.groups()
    assert PROJECT["version"] == (f"{number}.dev0" if state == "unreleased" else number)
    assert state == "unreleased" or re.fullmatch(r"\d{4}-\d\d-\d\d", state)
