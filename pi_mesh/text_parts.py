"""Parts of a text, such as a URN, an image or a message of several lines."""


def before(text: str, mark: str) -> str:
    """Return the part before the first mark; the whole text without one."""
    found, _, _ = text.partition(mark)
    return found


def before_last(text: str, mark: str) -> str:
    """Return the part before the last mark; an empty text without one."""
    found, _, _ = text.rpartition(mark)
    return found


def first_line(text: str) -> str:
    """Return the first line of a text."""
    return before(text, "\n")
