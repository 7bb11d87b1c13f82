"""Lists of API objects, reduced while they are read."""

from collections.abc import Callable
from typing import Any

from pi_mesh.cluster.client import Client, Forbidden

Lists = dict[str, tuple | None]
"""Reduced items by kind; None if listing is forbidden."""


def reduced(
    client: Client, path: str, parse: Callable[[dict], Any], headers: dict | None = None, **parameters: str
) -> tuple | None:
    """Return the reduced items of a list; None if listing is forbidden."""
    try:
        return tuple(parse(item) for item in client.each(path, headers, **parameters))
    except Forbidden:
        return None
