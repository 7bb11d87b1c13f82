"""The budget for a pull request."""

from collections.abc import Iterable, Sequence

from pi_mesh.budget import cells
from pi_mesh.budget.mesh import Budget


def section(budget: Budget) -> str:
    """The table, and below it how many sidecars still fit."""
    return f"{table(cells.HEADINGS, cells.rows(budget))}\n\n{cells.room(budget)}"


def table(headings: Sequence[str], lines: Iterable[Sequence[str]], align: str = "--:") -> str:
    """A GitHub table: the first column to the left, the others as `align` says, by default to the right."""
    ruler = [":--", *[align] * (len(headings) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (headings, ruler, *lines))
