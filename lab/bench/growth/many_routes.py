"""Many routes and policies for the stack lab, and the application to which they lead."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.bench.other_settings import Changes, ample_memory
from lab.workloads import SELF, Workload, apply, delete, manifests, service, wait_for

APP = "app"
FIRST_PORT = 8000


def changes(count: int) -> Changes:
    """Return the settings of `count` routes and as many policies, in few words.

    Pulumi hands the config to the program in one environment variable, and Linux takes none of more than 128 KiB.
    istiod has memory enough, at every size: within 256 MiB it is killed while an `up` brings 1,000 of each at once.
    """
    numbers = range(count)
    return {
        "istio": ample_memory()["istio"],
        "traffic": {
            "services": {APP: {"ports": [80], "selector": {SELF: APP}}},
            "routes": {f"r{number}": _route(number) for number in numbers},
            "authorization": {"policies": {f"p{number}": _policy(number) for number in numbers}},
        },
    }


@contextmanager
def application() -> Iterator[None]:
    """Run the application to which all routes lead: without it `verify` would name each of them."""
    workload = Workload(APP)
    objects = [service(APP, {SELF: APP}, http=8080), *manifests(workload)]
    try:
        apply(objects)
        wait_for(workload)
        yield
    finally:
        delete(objects)


def _route(number: int) -> dict[str, object]:
    """Return a route in the mesh for a host of its own."""
    return {"hosts": [f"r{number}.example"], "http": [{"to": [{"service": APP}]}]}


def _policy(number: int) -> dict[str, object]:
    """Return a policy of the whole namespace that allows a port of its own."""
    return {"rules": [{"ports": [FIRST_PORT + number]}]}
