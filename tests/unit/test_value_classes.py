"""The value classes: what one function has made, no other one changes."""

from dataclasses import is_dataclass
from importlib import import_module
from inspect import getmembers, isclass
from pkgutil import walk_packages

import pytest

import operations
import pi_mesh
import policies

PACKAGES = (operations, pi_mesh, policies)
ENTRIES = ("__main__", "operations.pull_request.publish")
"""Modules that run when they are imported, or a workflow's script."""


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_every_dataclass_is_frozen(package):
    names = [found.name for found in walk_packages(package.__path__, f"{package.__name__}.")]
    modules = [import_module(name) for name in names if not name.endswith(ENTRIES)]
    classes = {entry for module in modules for _, entry in getmembers(module, isclass) if is_dataclass(entry)}
    own = {entry for entry in classes if entry.__module__.startswith(package.__name__)}
    assert own
    assert {entry for entry in own if not entry.__dataclass_params__.frozen} == set()
