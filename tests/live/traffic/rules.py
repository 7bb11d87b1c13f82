"""Traffic settings on the cluster, rendered by the program's own functions, for as long as a test needs them."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.workloads import apply, delete
from pi_mesh.values import traffic as rendered
from tests.support.factories import make_settings


@contextmanager
def rules(**traffic: object) -> Iterator[None]:
    """Create the objects of `traffic`, the settings under `pi-mesh:traffic`, for the block."""
    first, last = rendered.stages(make_settings(traffic=traffic))
    apply([*first, *last])
    try:
        yield
    finally:
        delete([*last, *first])
