"""The budget as a table in a terminal."""

from typing import TYPE_CHECKING

from pi_mesh.budget import table
from pi_mesh.budget.mesh import Budget

if TYPE_CHECKING:
    from rich.table import Table


def render(budget: Budget) -> "Table":
    """Return the table for `rich.print`; the caption says how many more sidecars fit."""
    # Imported here, because only a terminal needs it: a stack's outputs do not.
    from rich.table import Table

    shown = Table(caption=table.room(budget), caption_justify="left")
    for heading in table.HEADINGS:
        shown.add_column(heading, justify="left" if heading == "component" else "right")
    for line in table.rows(budget):
        shown.add_row(*line)
    return shown
