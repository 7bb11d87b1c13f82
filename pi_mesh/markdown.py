"""Tables in GitHub's Markdown."""

from collections.abc import Iterable, Sequence


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], align: Sequence[str] = ()) -> str:
    """Return a table; `align` has the ruler of each column, such as ":--" or "--:"."""
    ruler = f"| {' | '.join(align)} |" if align else f"{'|---' * len(head)}|"
    first, *others = (f"| {' | '.join(row)} |" for row in (head, *rows))
    return "\n".join((first, ruler, *others))
