"""The commands of this program, run by tests that need no cluster."""

from typer.testing import CliRunner, Result

from operations.__main__ import app


def run_command(*arguments: str) -> Result:
    """Run a command as `python -m operations` does, in this process."""
    return CliRunner().invoke(app, [*arguments])
