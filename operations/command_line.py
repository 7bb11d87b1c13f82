"""The options that all commands share, and the one place where reports and errors become output and exit statuses."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand

from operations import failures, report_text
from operations.report import Operation, Report

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


@contextmanager
def expected_errors(operation: Operation, stack: str, as_json: bool) -> Iterator[None]:
    """End the command with the status of an expected error, one line on standard error, and with --json its report."""
    try:
        yield
    except failures.Expected as problem:
        for line in failures.lines(problem):
            typer.echo(f"error: {line}", err=True)
        status, findings = failures.status(problem), tuple(failures.findings(problem))
        failed = Report(operation=operation, stack=stack, status=status, findings=findings)
        conclude(failed, as_json, show=nothing)


def conclude(done: Report, as_json: bool, show: Callable[[Report], None] = report_text.show) -> NoReturn:
    """End the command with the report's status, after printing it as JSON or with `show`."""
    if as_json:
        print(done.model_dump_json())
    else:
        show(done)
    raise typer.Exit(done.status)
