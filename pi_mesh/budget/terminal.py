"""The budget in a terminal. The one module here that needs `rich`."""

from rich.table import Table

from pi_mesh.budget import cells
from pi_mesh.budget.mesh import Budget


def table(budget: Budget) -> Table:
    """For `rich.print`; the caption says how many sidecars still fit."""
    shown = Table(caption=cells.room(budget), caption_justify="left")
    for heading in cells.HEADINGS:
        shown.add_column(heading, justify="left" if heading == "component" else "right")
    for line in cells.rows(budget):
        shown.add_row(*line)
    return shown
