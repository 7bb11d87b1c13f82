"""The import contracts: each breaks on a forbidden import."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in LINTER["contracts"]}

PICTURE = (ROOT / "docs" / "architecture.md").read_text().partition("```mermaid\n")[2].partition("```")[0]

FORBIDDEN = [
    ("plain", "pi_mesh/values/gateway.py", "import pulumi"),
    ("plain", "pi_mesh/names.py", "from pulumi_kubernetes import helm"),
    ("layers", "pi_mesh/settings/tree.py", "from pi_mesh import inventory"),
    ("layers", "pi_mesh/budget/fit.py", "from pi_mesh.cluster import snapshot"),
    ("layers", "pi_mesh/package_without_a_layer.py", ""),
    ("rooms", "operations/verify/command.py", "from components import outputs"),
    ("rooms", "lab/calls.py", "from operations import stacks"),
    ("rooms", "pi_mesh/vault.py", "from operations import results"),
    ("policies", "policies/rules/pi_ceiling.py", "from pi_mesh import quantities"),
    ("policies", "policies/rules/pi_ceiling.py", "import pulumi_kubernetes"),
    ("operations", "operations/verify/command.py", "from pulumi import automation"),
    ("lab", "lab/cluster/vault.py", "import pulumi"),
    ("tests", "operations/stacks.py", "from tests.support import factories"),
]


def lint(folder: Path, *options: str) -> str:
    """Run the command of `make lint` in a folder and return what it prints."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.fixture
def copied(tmp_path) -> Path:
    """Return a folder with a copy of all packages and their contracts."""
    for package in LINTER["root_packages"]:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_packages_keep_their_contracts():
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in lint(ROOT)


@pytest.mark.parametrize(("contract", "file", "line"), FORBIDDEN, ids=lambda value: value)
def test_a_forbidden_import_breaks_its_contract(contract: str, file: str, line: str, copied):
    with (copied / file).open("a") as source:
        source.write(f"\n{line}\n")
    assert f"{CONTRACTS[contract]['name']} BROKEN" in lint(copied, "--contract", contract)


def test_each_contract_was_seen_to_break():
    assert {contract for contract, _, _ in FORBIDDEN} == set(CONTRACTS)


def test_every_package_with_code_is_under_the_contracts():
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"} == set(LINTER["root_packages"])


def test_the_picture_of_the_layers_has_the_rows_of_the_contracts():
    apart = CONTRACTS["policies"]["source_modules"]
    rooms = [room for room in CONTRACTS["rooms"]["layers"][0].split(" | ") if room not in apart]
    assert re.findall(r'\["(.+)"\]', PICTURE) == [" | ".join(rooms), *CONTRACTS["layers"]["layers"], *apart]
