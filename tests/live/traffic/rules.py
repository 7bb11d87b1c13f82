"""Traffic settings on the cluster, rendered by the program's own functions, for as long as a test needs them."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.workloads import apply, delete
from pi_mesh.values import traffic as rendered
from tests.support.factories import make_settings


@contextmanager
def rules(**traffic: object) -> Iterator[None]:
    """`traffic` is what would stand under `pi-mesh:traffic`; the objects are gone again after."""
    first, last = rendered.stages(make_settings(traffic=traffic))
    apply([*first, *last])
    try:
        yield
    finally:
        delete([*last, *first])
