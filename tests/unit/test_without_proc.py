"""A machine without /proc and /sys, such as a Mac: nothing of the product asks for them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("components", "operations", "pi_mesh", "policies")
FILES = [ROOT / "__main__.py", *(file for room in PRODUCT for file in sorted((ROOT / room).rglob("*.py")))]
REFUSING = """
import importlib, json, pkgutil, runpy, sys
import psutil  # asks the system itself where there is no /proc


def refuse(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and str(arguments[0]).startswith(("/proc", "/sys")):
        raise FileNotFoundError(arguments[0])


sys.addaudithook(refuse)
"""
EVERY_MODULE = """
for room in ("components", "operations", "pi_mesh"):
    for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""
THE_PROGRAM = """
import yaml
from pulumi.runtime import config
from tests.support.recorder import record

content = yaml.safe_load(open("Pulumi.pi-cluster.yaml"))["config"]
config.set_all_config({key: json.dumps(value) for key, value in content.items()})
assert record(lambda: runpy.run_path("__main__.py"), "pi-cluster", preview=True).resources
"""


def literals(file: Path) -> list[str]:
    """Return the texts in a file's code that are not docstrings."""
    tree = ast.parse(file.read_text())
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in statements]
    return [node.value for node in constants if isinstance(node.value, str)]


def refused(script: str) -> str:
    """Run a script that cannot read /proc and /sys, and return what it says of its failure."""
    command = [sys.executable, "-c", REFUSING + script]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize(
    "script", [EVERY_MODULE, THE_PROGRAM], ids=["every module is imported", "a stack is previewed"]
)
def test_the_product_runs_where_proc_cannot_be_read(script: str):
    assert refused(script) == ""


def test_such_a_machine_refuses_what_asks_for_proc():
    assert "FileNotFoundError: /proc/self/stat" in refused("open('/proc/self/stat')")


def test_no_code_names_a_folder_that_linux_alone_has():
    named = {text for file in FILES for text in literals(file) if text.startswith(("/proc", "/sys/"))}
    assert named == set()
