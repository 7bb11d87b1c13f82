"""Words for sentences: nouns and verbs that agree with a number, the length of a list, and parts of a text."""

from collections.abc import Sequence


def agreeing(number: int, singular: str, plural: str) -> str:
    """Return the words that agree with a number: "is" or "are", "pod fits" or "pods fit"."""
    return singular if number == 1 else plural


def counted(number: int, singular: str, plural: str = "") -> str:
    """Return a number with the words that agree with it; without `plural`, the singular gets an s."""
    return f"{number} {agreeing(number, singular, plural or f'{singular}s')}"


def first_of(names: Sequence[str], most: int, separator: str = ", ") -> str:
    """Return at most so many of the names, and the number of the others: "a, b, c and 9 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{separator.join(names[:most])}{more}"


def text_before(text: str, mark: str) -> str:
    """Return the part before the first mark; the whole text without one."""
    found, _, _ = text.partition(mark)
    return found


def text_before_last(text: str, mark: str) -> str:
    """Return the part before the last mark; an empty text without one."""
    found, _, _ = text.rpartition(mark)
    return found


def first_line(text: str) -> str:
    """Return the first line of a text."""
    return text_before(text, "\n")
