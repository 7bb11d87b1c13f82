"""Traffic settings on the cluster, rendered by the program's own functions, for as long as a test needs them."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.factories import make_settings
from tests.live.traffic.workloads import apply, delete
from values import traffic as rendered


@contextmanager
def rules(**traffic: object) -> Iterator[None]:
    """`traffic` is what would stand under `pi-mesh:traffic`; the objects are gone again after."""
    first, last = rendered.stages(make_settings(traffic=traffic))
    apply([*first, *last])
    try:
        yield
    finally:
        delete([*last, *first])
