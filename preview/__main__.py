"""`python -m preview`: prints the comment of a pull request, made from the base branch and the working tree."""

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from preview import checkout, engine, rendered
from preview.comment import LIMIT, Comparison, markdown
from preview.intent import Intent
from preview.rendered import NotRenderedError, Objects

NO_CLUSTER = "The live cluster and Vault, which this preview keeps away from: every `pulumi up` checks them first."


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack whose file is previewed.")] = "pi-cluster",
    base: Annotated[str, typer.Option(help="The branch or commit to compare with.")] = "main",
    whole: Annotated[bool, typer.Option("--whole", help="Every diff, though GitHub would not take it all.")] = False,
    charts: Annotated[str, typer.Option(help="A folder of packaged charts to use instead of charts.source.")] = "",
) -> None:
    """Prints what the working tree changes against the base branch: resources, objects, budget, policies.

    Exit status: 0 fine, 1 the working tree does not preview or breaks a mandatory policy, 2 wrong usage.
    """
    try:
        comparison = _compare(Path.cwd(), stack, base, charts)
    except checkout.UnknownRevisionError as error:
        raise typer.BadParameter(f"no such base: {error}", param_hint="--base") from None
    sys.stdout.write(markdown(comparison, sys.maxsize if whole else LIMIT))
    broken = any(violation.level == "mandatory" for violation in comparison.after.violations)
    raise typer.Exit(1 if broken or comparison.after.errors else 0)


def _compare(repository: Path, stack: str, base: str, charts: str) -> Comparison:
    with tempfile.TemporaryDirectory() as scratch:
        folders = Path(scratch, "base"), Path(scratch, "pull-request")
        checkout.base(base, repository, _new(folders[0]))
        checkout.working_tree(repository, _new(folders[1]))
        with ThreadPoolExecutor() as both:
            before, after = both.map(lambda folder: _preview(folder, stack, charts), folders)
        unknown = [NO_CLUSTER]
        if charts:
            unknown.append("The chart source: both sides took their charts from a folder at hand.")
        unknown += [f"The base branch, which does not preview: {error}" for error in before.errors]
        objects = [_objects(side, folder, unknown) for side, folder in zip((before, after), folders, strict=True)]
        return Comparison(stack, base, before, after, *objects, unknown=unknown)


def _preview(folder: Path, stack: str, charts: str) -> Intent:
    checkout.prepare(folder, stack)
    source = checkout.use_charts(folder, Path(charts), stack) if charts else {}
    return engine.preview(folder, stack, _new(folder.with_name(f"{folder.name}-state")), source)


def _objects(side: Intent, folder: Path, unknown: list[str]) -> Objects:
    try:
        return rendered.objects(side, folder)
    except NotRenderedError as error:
        unknown.append(f"The rendered objects: {error}")
        return {}


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    app()
