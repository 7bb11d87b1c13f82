"""`python -m operations.preview`: prints what the working tree changes against the base branch."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from operations.preview import both_sides, checkout, comment, revision
from operations.preview.comment import LIMIT

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    stack: Annotated[
        list[str] | None,
        typer.Option("--stack", "-s", help="The stack whose file is previewed. Repeat it for several."),
    ] = None,
    base: Annotated[str, typer.Option(help="The branch or commit to compare with.")] = "main",
    whole: Annotated[bool, typer.Option("--whole", help="Every diff, though GitHub would not take it all.")] = False,
    charts: Annotated[str, typer.Option(help="A folder of packaged charts to use instead of charts.source.")] = "",
) -> None:
    """Prints what the working tree changes against the base branch, judged by the base's rules.

    Exit status: 0 fine, 1 the working tree does not preview or breaks a mandatory policy, 2 wrong usage.
    """
    repository, stacks = Path.cwd(), list(dict.fromkeys(stack or ["pi-cluster"]))
    try:
        sides = revision.of(repository, base)
    except checkout.UnknownRevisionError as error:
        raise typer.BadParameter(f"no such base: {error}", param_hint="--base") from None
    _refuse_unknown(repository, sides.base, stacks)
    if sides.changes_nothing:
        sys.stdout.write(comment.documentation(stacks, sides))
        return
    compared = [both_sides.compare(repository, name, sides, charts) for name in stacks]
    sys.stdout.write(comment.markdown(compared, sides, sys.maxsize if whole else LIMIT))
    raise typer.Exit(any(comparison.is_refused for comparison in compared))


def _refuse_unknown(repository: Path, base: str, stacks: list[str]) -> None:
    there = checkout.git(repository, "ls-tree", "--name-only", base).decode().splitlines()
    for name in stacks:
        file = checkout.stack_file(repository, name)
        if not file.exists() and file.name not in there:
            raise typer.BadParameter(f"neither side has a {file.name}", param_hint="--stack")


if __name__ == "__main__":
    app()
