"""The command `python -m operations.pull_request`: print the comment on a pull request."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from operations.command_line import Command
from operations.failures import NotRunnableError
from operations.pull_request import checkout, comment, compare, engine
from operations.pull_request.comment import LIMIT
from operations.pull_request.engine import PulumiRefusedError
from operations.pull_request.markdown import fenced, folded

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(cls=Command)
def main(
    stack: Annotated[
        list[str] | None,
        typer.Option("--stack", "-s", help="The stack whose file is previewed. Repeat it for several."),
    ] = None,
    base: Annotated[str, typer.Option(help="The branch or commit to compare with.")] = "main",
    whole: Annotated[
        bool, typer.Option("--whole", help="Print every diff, even beyond the length of a GitHub comment.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Add what `diff` says of the stack's cluster, where this code may read it.")
    ] = False,
    charts: Annotated[str, typer.Option(help="A folder of packaged charts to use instead of charts.source.")] = "",
) -> None:
    """Print the changes of the working tree against the base branch, judged by the base's rules.

    Exit status: 0 success, 1 the working tree does not preview or breaks a mandatory policy, 2 wrong usage, or git or
    pulumi cannot run.
    """
    try:
        refused = _preview(Path.cwd(), list(dict.fromkeys(stack or ["pi-cluster"])), base, whole, charts)
        if live:
            sys.stdout.writelines(map(_live, stack or ["pi-cluster"]))
    except (NotRunnableError, PulumiRefusedError) as problem:
        typer.echo(f"error: {problem}", err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(refused)


def _live(stack: str) -> str:
    """Return the fold with what `diff` says of a stack of the working tree."""
    command = [sys.executable, "-m", "operations", "diff", "-s", stack]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"\n{folded('What changes in the cluster as it runs', fenced(run.stdout + run.stderr))}\n"


def _preview(repository: Path, stacks: list[str], base: str, whole: bool, charts: str) -> bool:
    """Print the comment, and return True where the pull request is refused."""
    try:
        sides = checkout.compared_revision(repository, base)
    except checkout.UnknownRevisionError as error:
        raise typer.BadParameter(f"no such base: {error}", param_hint="--base") from None
    _refuse_unknown(repository, sides.base, stacks)
    if sides.changes_nothing:
        sys.stdout.write(comment.documentation_comment(stacks, sides))
        return False
    engine.command()
    compared = [compare.comparison(repository, name, sides, charts) for name in stacks]
    sys.stdout.write(comment.whole_comment(compared, sides, sys.maxsize if whole else LIMIT))
    return any(comparison.is_refused for comparison in compared)


def _refuse_unknown(repository: Path, base: str, stacks: list[str]) -> None:
    there = checkout.git(repository, "ls-tree", "--name-only", base).decode().splitlines()
    for name in stacks:
        file = checkout.stack_file(repository, name)
        if not file.exists() and file.name not in there:
            raise typer.BadParameter(f"neither side has a {file.name}", param_hint="--stack")


if __name__ == "__main__":
    app()
