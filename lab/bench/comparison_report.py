"""The report of the comparison: a table in the terminal, a page in docs/."""

from collections.abc import Sequence

from rich.table import Table

from lab.bench import MEASURED
from lab.bench.rounds import Series, ratio

COLUMNS = ("job", "contender", "median s", "least", "most", "pulumi / this")


def rows(groups: Sequence[Sequence[Series]]) -> list[tuple[str, ...]]:
    """Return one row per contender; the first of each group is this program, and the ratio is its time by the row's."""
    return [
        (
            series.job,
            series.contender,
            f"{series.median:.2f}",
            f"{min(series.seconds):.2f}",
            f"{max(series.seconds):.2f}",
            f"{ratio(group[0], series):.2f}",
        )
        for group in groups
        for series in group
    ]


def table(groups: Sequence[Sequence[Series]]) -> Table:
    """Return the table for the terminal."""
    drawn = Table(*COLUMNS, title="Side by side, medians")
    for row in rows(groups):
        drawn.add_row(*row)
    return drawn


def page(groups: Sequence[Sequence[Series]], runs: int, machine: str) -> str:
    """Return the text of docs/bench.md."""
    lines = [
        "# Side by side",
        "",
        f"Written by `make bench`: {runs} rounds, every contender once a round, on {machine}.",
        "The last column is the median of the round-by-round ratios: below 1, this program is the faster one.",
        "Shorter is better. At an install, every contender waits for the same pods. With nothing to change, this",
        "program compares its state with the settings, while Helm makes a new revision of each release.",
        MEASURED,
        "",
        "![The same figures drawn](bench.svg)",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
        *(f"| {' | '.join(row)} |" for row in rows(groups)),
        "",
    ]
    return "\n".join(lines)
