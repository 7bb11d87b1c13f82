"""The import contracts: each breaks on a forbidden import."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.shape import ROOT

LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in LINTER["contracts"]}
PICTURE = (ROOT / "ARCHITECTURE.md").read_text().partition("```mermaid\n")[2].partition("```")[0]
FORBIDDEN = [
    ("plain", "pi_mesh/values/gateway.py", "import pulumi"),
    ("plain", "pi_mesh/names.py", "from pulumi_kubernetes import helm"),
    ("layers", "pi_mesh/settings/tree.py", "from pi_mesh import inventory"),
    ("layers", "pi_mesh/budget/fit.py", "from pi_mesh.cluster import snapshot"),
    ("rooms", "operations/verify/verification.py", "from components import outputs"),
    ("rooms", "lab/calls.py", "from operations import stacks"),
    ("rooms", "pi_mesh/vault.py", "from operations import results"),
    ("policies", "policies/rules/pi_ceiling.py", "from pi_mesh import quantities"),
    ("policies", "policies/rules/pi_ceiling.py", "import pulumi_kubernetes"),
    ("operations", "operations/verify/verification.py", "from pulumi import automation"),
    ("lab", "lab/cluster/vault.py", "import pulumi"),
    ("tests", "operations/stacks.py", "import tests"),
]


@pytest.fixture(scope="module")
def linted(tmp_path_factory) -> str:
    """Return what `make lint` says of a copy of all packages that has every forbidden import."""
    folder = tmp_path_factory.mktemp("copied")
    for package in LINTER["root_packages"]:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for _, file, line in FORBIDDEN:
        with (folder / file).open("a") as source:
            source.write(f"\n{line}\n")
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_a_forbidden_import_breaks_its_contract(linted):
    for contract in CONTRACTS.values():
        assert f"{contract['name']} BROKEN" in linted
    assert {contract for contract, _, _ in FORBIDDEN} == set(CONTRACTS)


@pytest.mark.parametrize(("file", "line"), [row[1:] for row in FORBIDDEN], ids=lambda value: value)
def test_a_forbidden_import_is_named(file: str, line: str, linted):
    package, _, name = line.removeprefix("from ").removeprefix("import ").partition(" import ")
    importing = file.removesuffix(".py").replace("/", ".")
    broken = {*re.findall(r"[\w.]+ -> [\w.]+", linted)}
    assert {f"{importing} -> {package}", f"{importing} -> {package}.{name}"} & broken


def test_every_package_with_code_is_under_the_contracts():
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"} == set(LINTER["root_packages"])


def test_the_picture_of_the_layers_has_the_rows_of_the_contracts():
    apart = CONTRACTS["policies"]["source_modules"]
    rooms = [room for room in CONTRACTS["rooms"]["layers"][0].split(" | ") if room not in apart]
    assert re.findall(r'\["(.+)"\]', PICTURE) == [" | ".join(rooms), *CONTRACTS["layers"]["layers"], *apart]
