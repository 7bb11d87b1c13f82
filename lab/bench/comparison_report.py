"""The report of the comparison: a table in the terminal, a page and the raw rounds in docs/."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.table import Table

from lab.bench import MEASURED
from lab.bench.rounds import Series, interval, ratio, ratios
from pi_mesh.words import markdown_table

COLUMNS = ("job", "contender", "median s", "least", "most", "pulumi / this", "95 % of it")


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
            _interval(group[0], series),
        )
        for group in groups
        for series in group
    ]


def _interval(ours: Series, theirs: Series) -> str:
    found = interval(ratios(ours, theirs))
    return f"{found[0]:.2f} to {found[1]:.2f}" if found else "too few rounds"


def table(groups: Sequence[Sequence[Series]]) -> Table:
    """Return the table for the terminal."""
    drawn = Table(*COLUMNS, title="Side by side, medians")
    for row in rows(groups):
        drawn.add_row(*row)
    return drawn


def page(groups: Sequence[Sequence[Series]], runs: int, machine: str) -> str:
    """Return the text of docs/figures/bench.md."""
    lines = [
        "# Side by side",
        "",
        f"Written by `make bench` on {date.today()}: {runs} rounds, every contender once a round in random order,",
        f"on {machine}. [Every round](bench.json).",
        "A row says how long its contender took; where its interval is wholly below 1, this program is the faster one.",
        "The ratios are those of the same round; the interval holds their median with a probability of 95 %. At an",
        "install, every contender is done when the same pods are Ready and mutual TLS is STRICT. The floor applies the",
        "rendered charts and waits by watch: what installs these charts can hardly take less. With nothing to change,",
        "this program compares its state with the settings, while Helm makes a new revision of each release.",
        MEASURED,
        "",
        *(line for group in groups for line in _chart(group)),
        markdown_table(COLUMNS, rows(groups)),
        "",
    ]
    return "\n".join(lines)


def _chart(group: Sequence[Series]) -> Sequence[str]:
    """Return the lines of a Mermaid chart with a bar for the median of each contender at one job."""
    names = ", ".join(f'"{series.contender}"' for series in group)
    medians = ", ".join(f"{series.median:.2f}" for series in group)
    return (
        "```mermaid",
        "xychart-beta horizontal",
        f'    title "{group[0].job}: median, seconds"',
        f"    x-axis [{names}]",
        f'    y-axis "seconds" 0 --> {max(series.median for series in group) * 1.1:.1f}',
        f"    bar [{medians}]",
        "```",
        "",
    )


def explanation(page: Path) -> str:
    """Return what a person has written below the figures of the last run: all from the heading "What ... says" on."""
    _, heading, rest = page.read_text().partition("\n## What the ") if page.exists() else ("", "", "")
    return heading + rest


def raw(groups: Sequence[Sequence[Series]], machine: str) -> str:
    """Return the seconds of every round as JSON."""
    series = [{"job": one.job, "contender": one.contender, "seconds": one.seconds} for group in groups for one in group]
    return json.dumps({"date": str(date.today()), "machine": machine, "rounds": series}, indent=1) + "\n"
