"""Words for sentences: nouns and verbs that agree with a number, names in a list, parts of a text, and tables."""

from collections.abc import Iterable, Sequence


def agreeing(number: int, singular: str, plural: str) -> str:
    """Return the words that agree with a number: "is" or "are", "pod fits" or "pods fit"."""
    return singular if number == 1 else plural


def counted(number: int, singular: str, plural: str = "") -> str:
    """Return a number with the words that agree with it; without `plural`, the singular gets an s."""
    return f"{number} {agreeing(number, singular, plural or f'{singular}s')}"


def listed(names: Iterable[str], most: int, separator: str = ", ", last: str = " and ", more: str = "") -> str:
    """Return at most so many of the names and the number of the others: "a, b, c and 9 more".

    `separator` and `last` stand between the names and before the number, and `more` is the noun of the others.
    """
    names = list(names)
    others = len(names) - most
    rest = f"{last}{counted(others, f'more {more}') if more else f'{others} more'}" if others > 0 else ""
    return f"{separator.join(names[:most])}{rest}"


def enumerated(names: Iterable[str]) -> str:
    """Return all names as an enumeration in a sentence: "a, b and c"."""
    names = list(names)
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def for_stack(text: str, stack: str) -> str:
    """Return the text with the stack's name in its commands, which say `-s STACK` where it is not known."""
    return text.replace("-s STACK", f"-s {stack}")


def text_before(text: str, mark: str) -> str:
    """Return the part before the first mark; the whole text without one."""
    return text.partition(mark)[0]


def text_before_last(text: str, mark: str) -> str:
    """Return the part before the last mark; an empty text without one."""
    return text.rpartition(mark)[0]


def first_line(text: str) -> str:
    return text_before(text, "\n")


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], align: Sequence[str] = ()) -> str:
    """Return a table in GitHub's Markdown; `align` has the ruler of each column, such as ":--" or "--:"."""
    ruler = f"| {' | '.join(align)} |" if align else f"{'|---' * len(head)}|"
    first, *others = (f"| {' | '.join(row)} |" for row in (head, *rows))
    return "\n".join((first, ruler, *others))
