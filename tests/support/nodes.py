"""What live tests do to nodes."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.cluster.kubectl import kubectl


@contextmanager
def cordoned(node: str) -> Iterator[None]:
    """Without new pods inside."""
    kubectl("cordon", node)
    try:
        yield
    finally:
        kubectl("uncordon", node)
