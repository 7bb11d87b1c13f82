"""The stack lab with many routes and policies: a folder of links to the checkout, with a stack file of its own.

So every command finds them by the name of the stack, and the checkout's stack file stays as it is. The state is that
of the stack lab.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from lab.bench.contenders import STACK
from lab.bench.other_settings import with_memory
from lab.cluster.names import CHECKOUT, LAB
from lab.workloads import SELF, Workload, apply, delete, manifests, service, wait_for

FOLDER = LAB / "growth"
STACK_FILE = f"Pulumi.{STACK}.yaml"
ISTIO, TRAFFIC = "pi-mesh:istio", "pi-mesh:traffic"
AMPLE = "1Gi"
"""istiod's memory limit: within 256 MiB it is killed while an `up` brings 1,000 routes and 1,000 policies at once."""
APP = "app"
FIRST_PORT = 8000


def config(own: Mapping[str, object], count: int) -> dict[str, object]:
    """Return a stack's config with `count` routes and as many policies, in few words.

    Pulumi hands the config to the program in one environment variable, and Linux takes none of more than 128 KiB.
    """
    numbers = range(count)
    istio = own[ISTIO]
    assert isinstance(istio, dict)
    return {
        **own,
        ISTIO: {**istio, **with_memory(AMPLE)["istio"]},
        TRAFFIC: {
            "services": {APP: {"ports": [80], "selector": {SELF: APP}}},
            "routes": {f"r{number}": _route(number) for number in numbers},
            "authorization": {"policies": {f"p{number}": _policy(number) for number in numbers}},
        },
    }


def write(count: int) -> None:
    """Write the stack file with so many routes and policies."""
    content = yaml.safe_load((CHECKOUT / STACK_FILE).read_text())
    (FOLDER / STACK_FILE).write_text(yaml.safe_dump({**content, "config": config(content["config"], count)}))


@contextmanager
def project() -> Iterator[Path]:
    """Give the folder; it lies in the checkout, where Pulumi finds the same repository."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    try:
        for entry in CHECKOUT.iterdir():
            if entry.name not in (STACK_FILE, ".git"):
                (FOLDER / entry.name).symlink_to(entry)
        yield FOLDER
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)


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
