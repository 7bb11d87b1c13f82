"""The dimensions: what grows, by which sizes, and what is measured at each. Each ends with the lab as it was."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from lab.bench import crowd, crowd_objects
from lab.bench.growth import bare_program, many_routes
from lab.bench.growth.measurement import Measured, measure
from lab.bench.growth.stack_commands import operation_jobs, pulumi_jobs, settle
from lab.bench.other_settings import AT_ONCE, SHIPPED, changeable, own_settings
from lab.bench.rounds import Say
from lab.cluster import simulated
from lab.cluster.names import CHECKOUT
from lab.dead_run import STACK
from pi_mesh.settings.stack_file import load_file

NODES = 30
"""Simulated nodes under the pods."""
SIZES = {"routes": (0, 10, 100, 1000), "pods": (0, 100, 1000, 2000), "nodes": (0, 3, 30, 100)}


def routes(sizes: Sequence[int], environment: Mapping[str, str], runs: int, say: Say) -> list[Measured]:
    """Measure the commands of the stack lab with so many routes and policies, and those of the floor."""
    figures: list[Measured] = []
    with changeable({**environment, **AT_ONCE}, say) as install, many_routes.application():
        for size in sizes:
            folder = install(many_routes.changes(size))
            settle(environment, folder)
            figures += measure("routes", size, operation_jobs(environment, folder), runs, say)
            floor = bare_program.same_objects(load_file(folder / SHIPPED.name))
            # verify reads the objects of all namespaces, so that the floor's come after it and go before the next one.
            with bare_program.applied(floor, environment) as bare:
                jobs = {**pulumi_jobs(STACK, environment, folder), **bare}
                figures += measure("routes", size, jobs, runs, say)
    return figures


def pods(sizes: Sequence[int], environment: Mapping[str, str], runs: int, say: Say) -> list[Measured]:
    """Measure the commands beside so many pods on simulated nodes, which are there from the beginning."""
    return _beside("pods", lambda size: crowd.up(size, NODES, 0), sizes, environment, runs, say)


def nodes(sizes: Sequence[int], environment: Mapping[str, str], runs: int, say: Say) -> list[Measured]:
    """Measure the commands beside so many simulated nodes."""
    return _beside("nodes", _put_nodes, sizes, environment, runs, say)


DIMENSIONS = {"routes": routes, "pods": pods, "nodes": nodes}


def _beside(
    name: str,
    grow: Callable[[int], None],
    sizes: Sequence[int],
    environment: Mapping[str, str],
    runs: int,
    say: Say,
) -> list[Measured]:
    jobs = {**pulumi_jobs(STACK, environment, CHECKOUT), **operation_jobs(environment)}
    figures: list[Measured] = []
    with own_settings(environment, say), _crowd_removed():
        for size in sizes:
            grow(size)
            settle(environment)
            figures += measure(name, size, jobs, runs, say)
    return figures


@contextmanager
def _crowd_removed() -> Iterator[None]:
    try:
        yield
    finally:
        crowd.down()


def _put_nodes(count: int) -> None:
    if count:
        simulated.put(*crowd_objects.nodes(count))
