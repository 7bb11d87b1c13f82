"""The figures as a table in the terminal, a page and a plot in docs/."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from rich.table import Table

from lab.bench.rounds import Series, ratio

COLUMNS = ("job", "contender", "median s", "least", "most", "pulumi / this")


def rows(groups: Sequence[Sequence[Series]]) -> list[tuple[str, ...]]:
    """A row a contender; the first of each group is ours, and the ratio says ours / theirs."""
    return [
        (
            one.job,
            one.contender,
            f"{one.median:.2f}",
            f"{min(one.seconds):.2f}",
            f"{max(one.seconds):.2f}",
            f"{ratio(group[0], one):.2f}",
        )
        for group in groups
        for one in group
    ]


def table(groups: Sequence[Sequence[Series]]) -> Table:
    drawn = Table(*COLUMNS, title="Side by side, medians")
    for row in rows(groups):
        drawn.add_row(*row)
    return drawn


def page(groups: Sequence[Sequence[Series]], runs: int, machine: str) -> str:
    """docs/bench.md."""
    lines = [
        "# Side by side",
        "",
        f"Written by `make bench`: {runs} rounds, every contender once a round, on {machine}.",
        "The last column is the median of the round-by-round ratios: below 1, this program is the faster one.",
        "",
        "![The same figures drawn](bench.svg)",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
        *(f"| {' | '.join(row)} |" for row in rows(groups)),
        "",
    ]
    return "\n".join(lines)


def plot(groups: Sequence[Sequence[Series]], file: Path) -> None:
    """A panel a job, a bar a contender, a dot a run."""
    figure = Figure(figsize=(9, 2.2 * len(groups)), layout="constrained")
    for panel, group in zip(figure.subplots(len(groups), squeeze=False)[:, 0], groups, strict=True):
        names = [one.contender for one in group]
        panel.barh(names, [one.median for one in group], color=["#466bb0", *["#b8bcc4"] * (len(group) - 1)])
        for place, one in enumerate(group):
            panel.plot(one.seconds, [place] * len(one.seconds), "k.", markersize=3)
        panel.invert_yaxis()
        panel.set_title(group[0].job, loc="left", fontsize=10)
        panel.set_xlabel("seconds")
    figure.savefig(file)
