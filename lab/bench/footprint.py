"""The command `python -m lab.bench.footprint`: memory and CPU of istiod, gateway, sidecar by number of services.

Needs the mesh of the stack lab, which it changes and restores: once istiod watches every namespace, once its discovery
selectors leave out that of the services. Two sidecars are measured side by side: one in the trading namespace, with the
program's default scope, and one in a namespace without any. Takes about 15 minutes.
"""

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from lab.bench import footprint_report, many_services, plots, published_figures
from lab.bench.container_usage import Container, Footprint, container
from lab.bench.other_settings import Changes, ample_memory, changeable
from lab.bench.timed_command import lab_environment
from lab.cluster.kubectl import kubectl
from lab.cluster.names import CHECKOUT
from lab.cluster.shell import LabError
from lab.workloads import CONTROL, SELF, Workload, apply, delete, manifests, namespace, wait_for

SIZES = (0, 300, 1000, 3000)
SCOPED = Workload("scoped")
UNSCOPED = Workload("unscoped", namespace="whole-mesh")
PROXY = "istio-proxy"
QUIET_SECONDS = 15
"""Seconds of each look at the CPU: istiod gathers changes for up to 10 s before it tells the proxies."""
IDLE = 0.05
"""Cores below which a container rests."""
PATIENCE = 600
"""Seconds to wait for that: a sidecar has 0.2 of a core to take in thousands of services."""
SELECTORS = {"istiod": "app=istiod", "istio-ingressgateway": "istio=ingressgateway"}
"""The Deployments whose processes start anew with the settings, and their pods' selectors."""


def meshes() -> dict[str, Changes]:
    """Return the settings of each series by its title, with memory enough for all sizes."""
    ample = ample_memory()
    selectors = {"discovery": {"limited": True, "also": [UNSCOPED.namespace]}}
    return {
        footprint_report.WITHOUT: ample,
        footprint_report.WITH: {**ample, "istio": {**ample["istio"], **selectors}},
    }


def _start_anew() -> None:
    """Delete the pods, istiod's first, so that each series starts with fresh processes, and wait for the next ones."""
    for deployment, selector in SELECTORS.items():
        kubectl("delete", "pod", f"--namespace={CONTROL}", f"--selector={selector}")
        kubectl("rollout", "status", f"--namespace={CONTROL}", f"deployment/{deployment}", "--timeout=180s")


def measure(sizes: Sequence[int], say) -> Iterator[Footprint]:
    """Measure each container of the mesh as it is at each size, from the smallest on."""
    with _proxies() as parts:
        many_services.create()
        try:
            yield from _grow(parts, sizes, say)
        finally:
            many_services.remove()


def _grow(parts: Mapping[str, Container], sizes: Sequence[int], say) -> Iterator[Footprint]:
    for before, size in zip((0, *sizes), sizes, strict=False):
        spent = _cpu(parts)
        many_services.grow(before, size)
        rested = _rest(parts)
        time.sleep(QUIET_SECONDS)
        for name, part in parts.items():
            idle = (part.cpu - rested[name]) / QUIET_SECONDS
            yield Footprint(name, size, part.memory, rested[name] - spent[name], idle)
        say(f"{size} services: measured")


def _cpu(parts: Mapping[str, Container]) -> dict[str, float]:
    return {name: part.cpu for name, part in parts.items()}


def _rest(parts: Mapping[str, Container]) -> dict[str, float]:
    """Wait until all containers rest, and return their seconds of CPU. Raises LabError when they do not."""
    deadline, before = time.monotonic() + PATIENCE, _cpu(parts)
    while time.monotonic() < deadline:
        time.sleep(QUIET_SECONDS)
        now = _cpu(parts)
        if all(now[name] - before[name] < IDLE * QUIET_SECONDS for name in parts):
            return now
        before = now
    raise LabError(f"istiod and its proxies still worked {PATIENCE} s after the last service; is the machine quiet?")


@contextmanager
def _proxies() -> Iterator[dict[str, Container]]:
    """Give the containers that are measured, by their names in the report."""
    objects = [namespace(UNSCOPED.namespace, **{"istio-injection": "enabled"})]
    objects += [manifest for workload in (SCOPED, UNSCOPED) for manifest in manifests(workload)]
    apply(objects)
    try:
        wait_for(SCOPED, UNSCOPED)
        yield {
            published_figures.ISTIOD: container(CONTROL, SELECTORS["istiod"], "discovery"),
            "ingress gateway": container(CONTROL, SELECTORS["istio-ingressgateway"], PROXY),
            published_figures.SCOPED: container(SCOPED.namespace, f"{SELF}={SCOPED.name}", PROXY),
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
    say = Console().print
    found: dict[str, tuple[Footprint, ...]] = {}
    with changeable(lab_environment(), say) as install:
        for title, changes in meshes().items():
            say(title)
            install(changes)
            _start_anew()
            found[title] = tuple(measure(arguments.sizes, say))
    page = footprint_report.page(found)
    (arguments.into / "footprint.md").write_text(page)
    (arguments.into / "footprint.svg").write_text(plots.footprint(page))


if __name__ == "__main__":
    main()
