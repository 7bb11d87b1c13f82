"""`python -m operations.preview`: prints what the working tree changes against the base branch."""

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from operations.preview import checkout, checkout_side
from operations.preview.comment import LIMIT, Comparison, markdown

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
    intent = comparison.after.intent
    raise typer.Exit(1 if intent.is_refused or intent.errors else 0)


def _compare(repository: Path, stack: str, base: str, charts: str) -> Comparison:
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor() as both:
        old, new = Path(scratch, "base"), Path(scratch, "pull-request")
        checkout.base(base, repository, old)
        checkout.working_tree(repository, new)
        before = both.submit(checkout_side.of, old, stack, charts, judged=False)
        after = both.submit(checkout_side.of, new, stack, charts, judged=True)
        return Comparison(stack, base, before.result(), after.result(), bool(charts))


if __name__ == "__main__":
    app()
