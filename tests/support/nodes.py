"""The changes of nodes in live tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.cluster.kubectl import kubectl


@contextmanager
def cordoned(node: str) -> Iterator[None]:
    """Cordon a node for the block."""
    kubectl("cordon", node)
    try:
        yield
    finally:
        kubectl("uncordon", node)
