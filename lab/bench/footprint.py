"""The command `python -m lab.bench.footprint`: memory and CPU of istiod, gateway, sidecar by number of services.

Needs the mesh of the stack lab. Two sidecars are measured side by side: one in the trading namespace, with the
program's default scope, and one in a namespace without any.
"""

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from lab.bench import footprint_report, many_services, plots
from lab.bench.container_usage import Container, Footprint, container
from lab.cluster.names import CHECKOUT
from lab.workloads import CONTROL, SELF, Workload, apply, delete, manifests, namespace, wait_for

SIZES = (10, 50, 100, 300, 1000)
SCOPED = Workload("scoped")
UNSCOPED = Workload("unscoped", namespace="whole-mesh")
PROXY = "istio-proxy"
QUIET_SECONDS = 15
"""Seconds to wait after the last change: istiod gathers changes for up to 10 s before it tells the proxies."""


def measure(sizes: Sequence[int], say) -> Iterator[Footprint]:
    """Measure each container at each size, from the smallest on."""
    with _proxies() as parts:
        many_services.create()
        try:
            yield from _grow(parts, sizes, say)
        finally:
            many_services.remove()


def _grow(parts: Mapping[str, Container], sizes: Sequence[int], say) -> Iterator[Footprint]:
    for before, size in zip((0, *sizes), sizes, strict=False):
        spent = {name: part.cpu for name, part in parts.items()}
        many_services.grow(before, size)
        time.sleep(QUIET_SECONDS)
        rested = {name: part.cpu for name, part in parts.items()}
        time.sleep(QUIET_SECONDS)
        for name, part in parts.items():
            idle = (part.cpu - rested[name]) / QUIET_SECONDS
            yield Footprint(name, size, part.memory, rested[name] - spent[name], idle)
        say(f"{size} services: measured")


@contextmanager
def _proxies() -> Iterator[dict[str, Container]]:
    """Give the containers that are measured, by their names in the report."""
    objects = [namespace(UNSCOPED.namespace, **{"istio-injection": "enabled"})]
    objects += [manifest for workload in (SCOPED, UNSCOPED) for manifest in manifests(workload)]
    apply(objects)
    try:
        wait_for(SCOPED, UNSCOPED)
        yield {
            "istiod": container(CONTROL, "app=istiod", "discovery"),
            "ingress gateway": container(CONTROL, "istio=ingressgateway", PROXY),
            "sidecar, default scope": container(SCOPED.namespace, f"{SELF}={SCOPED.name}", PROXY),
            "sidecar, whole mesh": container(UNSCOPED.namespace, f"{SELF}={UNSCOPED.name}", PROXY),
        }
    finally:
        delete(objects)


def main() -> None:
    """Measure and write docs/footprint.md and docs/footprint.svg."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench.footprint", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of services, ascending")
    parser.add_argument(
        "--into", type=Path, default=CHECKOUT / "docs", help="folder for footprint.md and footprint.svg"
    )
    arguments = parser.parse_args()
    found = tuple(measure(arguments.sizes, Console().print))
    page = footprint_report.page(found)
    (arguments.into / "footprint.md").write_text(page)
    (arguments.into / "footprint.svg").write_text(plots.footprint(page))


if __name__ == "__main__":
    main()
