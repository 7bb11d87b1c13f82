"""Telling the user what happens, a line a step, with the seconds since the start."""

import time

_BEGUN = time.monotonic()


def say(text: str) -> None:
    """One line, at once."""
    print(f"{time.monotonic() - _BEGUN:6.1f} s  {text}", flush=True)
