"""A machine without /proc and /sys, such as a Mac: nothing of the product asks for them."""

import ast
import subprocess
import sys

from operations.rehearse import job
from tests.support import shape
from tests.support.shape import ROOT

SCRIPT = """
import importlib, json, pkgutil, runpy, sys
import psutil, yaml  # psutil asks the system itself where there is no /proc
from pulumi.runtime import config
from tests.support.recorder import record


def refuse(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and str(arguments[0]).startswith(("/proc", "/sys")):
        raise FileNotFoundError(arguments[0])


sys.addaudithook(refuse)
try:
    open("/proc/self/stat")
except FileNotFoundError:
    print("/proc is refused")
for room in ("components", "operations", "pi_mesh"):
    for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
content = yaml.safe_load(open("Pulumi.pi-cluster.yaml"))["config"]
config.set_all_config({key: json.dumps(value) for key, value in content.items()})
print(record(lambda: runpy.run_path("__main__.py"), "pi-cluster", preview=True).resources != [])
"""


def test_every_module_is_imported_and_a_stack_is_previewed_where_proc_cannot_be_read():
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout) == ("", "/proc is refused\nTrue\n")


def test_no_code_names_a_folder_that_linux_alone_has():
    sources = [(file, (ROOT / file).read_text()) for file in shape.python_files(*shape.PRODUCT)]
    trees = [ast.parse(text) for _, text in sources if "/proc" in text or "/sys/" in text]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and id(node) not in docstrings]
    named = [text for text in texts if isinstance(text, str) and text.startswith(("/proc", "/sys/"))]
    assert sorted({*named} - {*job.BOARD.values()}) == []  # those are read by a container, on a node
