"""Tables in GitHub's Markdown."""

from collections.abc import Iterable, Sequence


def table(headings: Sequence[str], lines: Iterable[Sequence[str]], align: str = "--:") -> str:
    """Return a table: the first column to the left, the others as `align` says, by default to the right."""
    ruler = [":--", *[align] * (len(headings) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (headings, ruler, *lines))
