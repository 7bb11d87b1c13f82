"""The Python interpreter: one that is too old, or lacks the project's packages, ends with the command to type.

It imports nothing but the standard library, and loads on Python 3.7 and newer, so that it can say so.
"""

from __future__ import annotations

import atexit
import gc
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OLDEST = (3, 11)
"""Oldest Python of the program, as `requires-python` of pyproject.toml has it."""
OWN = ("components", "operations", "pi_mesh")
ROOT = Path(__file__).resolve().parents[1]
INSTALL = ".venv/bin/pip install --require-hashes -r requirements.txt"


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Suspend Python's garbage collector for a block that makes many objects and throws few away.

    It searches them for cycles again and again: for 16 % of the time of a preview's imports, and for longer than JSON
    takes to parse.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def leave_at_once() -> None:
    """Have Python end without its last search for cycles: 0.12 s of CPU for objects that end with the process."""
    atexit.register(gc.freeze)


@contextmanager
def explained(stop: Callable[[str], BaseException]) -> Iterator[None]:
    """Raise `stop(line)` where this Python is too old, or the block lacks a package of requirements.txt."""
    if sys.version_info < OLDEST:
        raise stop(too_old(sys.version_info[:2], ROOT, sys.prefix))
    try:
        yield
    except ModuleNotFoundError as problem:
        package = (problem.name or "").partition(".")[0]
        if package in OWN:
            raise
        raise stop(without(package, ROOT, sys.prefix)) from None


def too_old(version: tuple[int, int], root: Path, prefix: str) -> str:
    """Return the line for an old Python; `prefix`: its `sys.prefix`, which a virtual environment has for itself."""
    old, needed = (".".join(map(str, numbers)) for numbers in (version, OLDEST))
    make = f"python{needed} -m venv --clear .venv && {INSTALL}"
    return f"this is Python {old}, and {needed} or newer is needed; run {_own(root, prefix) or f'`{make}`'}"


def without(package: str, root: Path, prefix: str) -> str:
    """Return the line for a Python that lacks a package."""
    make = INSTALL if (root / ".venv").exists() else f"python3 -m venv .venv && {INSTALL}"
    return f"the Python in {prefix} has no package {package}; run {_own(root, prefix) or f'`{make}`'}"


def _own(root: Path, prefix: str) -> str | None:
    """Return how to use the project's own Python; None where it is the one that runs, or does not exist."""
    own = root / ".venv"
    if not (own / "bin" / "python").exists() or Path(prefix).resolve() == own.resolve():
        return None
    return "`.venv/bin/python -m operations`, or `. .venv/bin/activate` once in this shell"
