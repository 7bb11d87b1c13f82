"""The table of the checks in docs/architecture.md."""

from importlib import import_module
from pkgutil import iter_modules

import pytest

from operations import generate
from pi_mesh.checks import preflight, traffic, verify

FOLDERS = (preflight, traffic, verify)
MODULES = [f"{folder.__name__}.{module.name}" for folder in FOLDERS for module in iter_modules(folder.__path__)]
CHECKS = [name for name in MODULES if hasattr(import_module(name), "check")]


def test_the_table_of_the_checks_is_current():
    assert generate.CHECKS_PAGE.read_text() == generate.checks_page(), "run `make schema`"


@pytest.mark.parametrize("module", CHECKS)
def test_a_check_runs_in_some_command(module: str):
    assert f"(../{module.replace('.', '/')}.py)" in generate.checks_page()
