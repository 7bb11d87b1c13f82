"""Numbers in sentences: a noun or verb in the singular for 1, else in the plural."""


def agreeing(number: int, singular: str, plural: str) -> str:
    """Return the words that agree with a number: "is" or "are", "pod fits" or "pods fit"."""
    return singular if number == 1 else plural


def counted(number: int, singular: str, plural: str = "") -> str:
    """Return a number with the words that agree with it; without `plural`, the singular gets an s."""
    return f"{number} {agreeing(number, singular, plural or f'{singular}s')}"
