"""The budget as a table in a terminal; the one module of this package that needs `rich`."""

from rich.table import Table

from pi_mesh.budget import table
from pi_mesh.budget.mesh import Budget


def render(budget: Budget) -> Table:
    """Return the table for `rich.print`; the caption says how many more sidecars fit."""
    shown = Table(caption=table.room(budget), caption_justify="left")
    for heading in table.HEADINGS:
        shown.add_column(heading, justify="left" if heading == "component" else "right")
    for line in table.rows(budget):
        shown.add_row(*line)
    return shown
