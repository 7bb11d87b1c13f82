"""The budget's rows of a side, for a pull request's comment."""

from pathlib import Path

import pytest
import yaml

from operations.preview import budget_rows
from operations.preview.engine import Checkout

ROOT = Path(__file__).parents[4]
STACK = "pi-cluster"
CONFIG = yaml.safe_load((ROOT / f"Pulumi.{STACK}.yaml").read_text())["config"]
TOTALS = {"pods": 3, "requests": "300m / 384Mi"}


def rows(folder: Path, exported: dict[str, object]) -> budget_rows.Rows:
    return budget_rows.read(Checkout(folder, STACK, {}), CONFIG, [], exported)


def test_a_program_with_totals_as_its_output_calculates_its_rows():
    found = rows(ROOT, TOTALS)
    assert found["mesh"]["requests"] == "300m / 384Mi"
    assert found["room"].startswith("Room for 81 more sidecars on 3 empty Pis")


def test_an_older_program_has_its_rows_as_its_output():
    exported = {"istiod": {"pods": "1"}, "room": "Room."}
    assert rows(Path("/nowhere"), exported) is exported


@pytest.mark.parametrize("program", ["", "raise SystemExit('broken')"])
def test_a_program_that_can_not_be_asked_has_no_rows(tmp_path, program):
    (tmp_path / "pi_mesh.py").write_text(program)
    assert rows(tmp_path, TOTALS) == {}
