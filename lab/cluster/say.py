"""Telling the user what happens, a line a step, with the seconds since the start."""

import time

from rich.console import Console

_BEGUN = time.monotonic()
_CONSOLE = Console(highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """One line, at once."""
    _CONSOLE.print(f"[dim]{time.monotonic() - _BEGUN:6.1f} s[/dim]  {text}")
