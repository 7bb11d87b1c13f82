"""Lists of API objects, reduced while they are read."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pi_mesh.cluster.client import Client, Forbidden

Lists = dict[str, tuple | None]
"""Reduced items by kind; None if listing is forbidden."""


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Suspend Python's garbage collector: it searches JSON for cycles in vain, for longer than parsing takes."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def reduced(
    client: Client, path: str, parse: Callable[[dict], Any], headers: dict | None = None, **parameters: str
) -> tuple | None:
    """Return the reduced items of a list; None if listing is forbidden."""
    try:
        return tuple(parse(item) for item in client.each(path, headers, **parameters))
    except Forbidden:
        return None
