"""The pinned versions of the tested program: an older provider creates and diffs differently."""

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROVIDERS = ("pulumi", "pulumi-kubernetes", "pulumi-vault")


@pytest.mark.row(42)
@pytest.mark.parametrize("package", PROVIDERS)
def test_the_package_is_pinned_exactly_and_is_the_one_that_runs(package):
    assert f"{package}=={version(package)}" in PROJECT["project"]["dependencies"]


@pytest.mark.row(42)
@pytest.mark.parametrize("package", PROVIDERS)
def test_an_install_takes_no_other_version(package):
    locked = (ROOT / "requirements.txt").read_text().splitlines()
    assert any(line.startswith(f"{package}=={version(package)}") for line in locked)
