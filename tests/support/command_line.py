"""The commands of this program, run by tests that need no cluster."""

import json

from typer.testing import CliRunner, Result

from operations.__main__ import app
from tests.support.shape import ROOT

REPORT_SCHEMA = json.loads((ROOT / "docs" / "operations.schema.json").read_text())
"""The schema of what a command prints with `--json`."""


def run_command(*arguments: str) -> Result:
    """Run a command as `python -m operations` does, in this process."""
    return CliRunner().invoke(app, [*arguments])
