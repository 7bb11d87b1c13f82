"""The options that all commands share, and the one place where reports and errors become output and exit statuses."""

from __future__ import annotations

import sys
import textwrap
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.registry import PREFLIGHT, VERIFY, section_of
from pi_mesh.names import PROJECT
from pi_mesh.words import counted, for_stack

# Every command imports this module, also for its help: what only reports and errors need is imported with them.
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import Console

    from operations.results import Report


def program_version() -> str:
    import tomllib
    from importlib.metadata import version

    project = Path(__file__).parents[1] / "pyproject.toml"
    return tomllib.loads(project.read_text())["project"]["version"] if project.exists() else version(PROJECT)


STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.UNKNOWN: "magenta", Level.OK: "green"}
"""Color of each level, in the order of the report."""
INDENT = " " * 9
WIDE = 300
"""Characters of a line where no terminal limits it."""


def show_report(report: Report, everything: bool = True) -> None:
    """Print the report for a person; without `everything`, count successes in one line."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    findings = (finding for finding in report.findings if everything or finding.level is not Level.OK)
    for finding in sorted(findings, key=lambda finding: [*STYLES].index(finding.level)):
        style = STYLES[finding.level]
        section = section_of(finding.id) if report.operation in (PREFLIGHT, VERIFY) else ""
        for number, line in enumerate(_lines(finding, console.width, section)):
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
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDE)
    console.print(table)
    return console


def _lines(finding: Finding, width: int, section: str) -> Iterator[str]:
    """Yield the finding's lines; a problem's object stands on its own line, and the address of its section is last."""
    if finding.level is Level.OK:
        yield from _folded(f"{finding.level:<9}", f"{finding.id}: {finding}", width)
        return
    yield from _folded(f"{finding.level:<9}", f"{finding.id}: {finding.subject}", width)
    yield from _folded(INDENT, finding.message, width)
    if finding.fix:
        yield from _folded(f"{INDENT}-> ", finding.fix, width)
    if section:
        yield from _folded(INDENT, f"see {section}", width)


def _folded(start: str, text: str, width: int) -> list[str]:
    """Fold a text between words only."""
    lines = textwrap.wrap(text, width - len(start), break_long_words=False, break_on_hyphens=False)
    return [f"{start if number == 0 else ' ' * len(start)}{line}" for number, line in enumerate(lines)]


def _verdict(report: Report) -> str:
    totals = report.totals
    numbers = [counted(count, word) for count, word in ((totals.error, "error"), (totals.warning, "warning")) if count]
    numbers += [f"{count} {word}" for count, word in ((totals.unknown, "unknown"), (totals.ok, "ok")) if count]
    return f"{report.verdict} ({', '.join(numbers)})"


Stack = Annotated[str, typer.Option("--stack", "-s", help="The Pulumi stack, such as pi-cluster.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts instead of text.")]
All = Annotated[bool, typer.Option("--all", help="Also show each check that is ok.")]

HELP = (
    "Exit status: 0 success, 1 problems, 2 wrong usage or settings, or Pulumi failed, 3 no answer or another cluster."
)


class Flags:
    """Help in which flags have no type beside them, because they take no value; typer 0.29 writes `<bool>`."""

    def get_params(self, ctx: Any) -> list[Any]:
        options = super().get_params(ctx)  # pyright: ignore[reportAttributeAccessIssue] - of the class beside this one
        for option in options:
            if getattr(option, "is_flag", False):
                option.metavar = ""
        return options


class Command(Flags, TyperCommand):
    """One command."""


def nothing(_: object) -> None:
    """Print nothing: everything was printed before, or only JSON is printed."""


def progress(as_json: bool) -> Callable[[str], None]:
    """Return the function that prints a line of progress."""
    return nothing if as_json else typer.echo


Yes = Annotated[bool, typer.Option("--yes", help="Carry out the printed plan without asking.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan, and carry out nothing.")]


class Consent:
    """The consent to a printed plan: `--yes`, or a yes on a terminal, which holds for the whole command."""

    def __init__(self, command: str, *, yes: bool = False, dry_run: bool = False, as_json: bool = False) -> None:
        self._command, self._yes, self.dry_run, self._as_json = command, yes, dry_run, as_json
        self.say = progress(as_json)

    def is_given(self, question: str) -> bool:
        """Ask on a terminal; say how to carry out the plan where nobody can be asked, or says no."""
        if self.dry_run or self._yes:
            return not self.dry_run
        if not self._as_json and sys.stdin.isatty() and sys.stdout.isatty() and typer.confirm(question):
            self._yes = True
            return True
        self.say(f"Nothing was changed. To carry out this plan: python -m operations {self._command} --yes")
        return False


@contextmanager
def expected_errors(operation: str, stack: str, as_json: bool) -> Iterator[None]:
    """End the command with the status of an expected error, one line on standard error, and with --json its report."""
    from operations import failures
    from operations.results import Report

    try:
        yield
    except failures.Expected as problem:
        for line in failures.lines(problem):
            typer.echo(f"error: {for_stack(line, stack)}", err=True)
        status, findings = failures.status(problem), tuple(failures.findings(problem))
        failed = Report(operation=operation, stack=stack, status=status, findings=findings)
        conclude(failed, as_json, show=nothing)


def conclude_findings(
    operation: str, stack: str, findings: Sequence[Finding], as_json: bool, show: Callable[[Report], None] = show_report
) -> NoReturn:
    from operations.results import completed

    conclude(completed(operation, stack, findings), as_json, show)


def conclude(done: Report, as_json: bool, show: Callable[[Report], None] = show_report) -> NoReturn:
    """End the command with the report's status, after printing it as JSON or with `show`."""
    if as_json:
        print(done.model_dump_json())
    else:
        show(done)
    raise typer.Exit(done.status)
