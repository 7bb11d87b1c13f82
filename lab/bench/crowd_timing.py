"""The durations of verify, preflight and a preview beside a crowd, for one or more checkouts side by side."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.table import Table

from lab.bench.contenders import STACK
from lab.bench.rounds import Series, interleave
from lab.bench.timed_command import lab_environment, seconds
from lab.cluster.names import CHECKOUT

PYTHON = str(CHECKOUT / ".venv/bin/python")
COMMANDS = {
    "verify": [PYTHON, "-m", "operations", "verify", "-s", STACK],
    "preflight": [PYTHON, "-m", "operations", "preflight", "-s", STACK],
    "preview": ["pulumi", "preview", "-s", STACK, "--non-interactive"],
}
COLUMNS = ("command", "checkout", "without, s", "with, s", "with / without", "first / this, with")


def timed(checkouts: Sequence[Path], runs: int, say: Callable[[str], None]) -> dict[str, list[Series]]:
    """Time each command, every checkout once a round."""
    environment = lab_environment()
    return {name: interleave(name, _jobs(checkouts, environment, name), runs, say) for name in COMMANDS}


def table(without: Mapping[str, Sequence[Series]], crowded: Mapping[str, Sequence[Series]]) -> Table:
    """Return the medians, a row for each command and checkout."""
    drawn = Table(*COLUMNS, title="Beside a crowd, medians")
    for name, first in without.items():
        base = crowded[name][0].median
        for before, after in zip(first, crowded[name], strict=True):
            figures = (before.median, after.median, after.median / before.median, base / after.median)
            drawn.add_row(name, before.contender, *(f"{figure:.2f}" for figure in figures))
    return drawn


def _jobs(checkouts: Sequence[Path], environment: dict[str, str], name: str) -> dict[str, Callable[[], float]]:
    return {
        str(checkout): lambda checkout=checkout: seconds(COMMANDS[name], environment, checkout)
        for checkout in checkouts
    }
