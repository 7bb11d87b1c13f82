"""The report of an operation as text: problems first, all successes in one line, the verdict last."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from operations.report import Report
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.counts import counted

STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.UNKNOWN: "magenta", Level.OK: "green"}
"""Color of each level, in the order of the report."""
INDENT = " " * 9
WIDE = 300
"""Characters of a line where no terminal limits it."""


def show(report: Report, everything: bool = True) -> None:
    """Print the report for a person; without `everything`, count successes in one line."""
    console = Console(highlight=False)
    for finding in _ordered(report, everything):
        style = STYLES[finding.level]
        for number, line in enumerate(_lines(finding, console.width)):
            shown = Text(line)
            shown.stylize(style, 0, len(INDENT) if number == 0 else 0)
            # A line is never folded a second time: a long name stays whole, to be copied.
            console.print(shown, soft_wrap=True)
    if report.totals.ok and not everything:
        hidden = f"{counted(report.totals.ok, 'check')} (`--all` shows them)"
        console.print(Text.assemble((f"{Level.OK:<9}", STYLES[Level.OK]), hidden))
    console.print(Text(_verdict(report), style="bold"), soft_wrap=True)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Console:
    """Print a table and return the console; nothing is folded or cut where a script reads it."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDE)
    console.print(table)
    return console


def _ordered(report: Report, everything: bool) -> list[Finding]:
    order = list(STYLES)
    shown = [finding for finding in report.findings if everything or finding.level is not Level.OK]
    return sorted(shown, key=lambda finding: order.index(finding.level))


def _lines(finding: Finding, width: int) -> Iterator[str]:
    """Yield the finding's lines; a problem's object stands on its own line."""
    if finding.level is Level.OK:
        yield from _folded(f"{finding.level:<9}", f"{finding.id}: {finding}", width)
        return
    yield from _folded(f"{finding.level:<9}", f"{finding.id}: {finding.subject}", width)
    yield from _folded(INDENT, finding.message, width)
    if finding.fix:
        yield from _folded(f"{INDENT}-> ", finding.fix, width)


def _folded(start: str, text: str, width: int) -> list[str]:
    """Fold a text between words only."""
    lines = textwrap.wrap(text, width - len(start), break_long_words=False, break_on_hyphens=False)
    return [f"{start if number == 0 else ' ' * len(start)}{line}" for number, line in enumerate(lines)]


def _verdict(report: Report) -> str:
    totals = report.totals
    numbers = [counted(count, word) for count, word in ((totals.error, "error"), (totals.warning, "warning")) if count]
    numbers += [f"{count} {word}" for count, word in ((totals.unknown, "unknown"), (totals.ok, "ok")) if count]
    return f"{report.verdict} ({', '.join(numbers)})"
