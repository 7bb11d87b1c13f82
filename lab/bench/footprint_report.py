"""The report of the footprint: a page with tables."""

import os
import platform
from collections.abc import Sequence
from datetime import date
from statistics import linear_regression

from lab.bench import MEASURED
from lab.bench.container_usage import Footprint
from lab.cluster.names import CHECKOUT
from pi_mesh import inventory
from pi_mesh.budget.mesh import of
from pi_mesh.settings.stack_file import load_file

MEBI = 1 << 20
LIMIT = 256
"""MiB: the Ansible role's memory limit of istiod, gateway and sidecar alike."""
HEAD = """# What the mesh takes

Written by `python -m lab.bench.footprint` on {day}, {cores} cores, {machine}: read from the containers'
cgroups (memory is kubelet's working set), with {sizes} services of two endpoints each in a namespace beside
`trading`. The dashed line in the plot is the Ansible role's memory limit, {limit} MiB.
{istio}

Envoy here is upstream's build, without Istio's own filters: Istio's proxy takes more ([limits.md](limits.md)).

The two sidecars are different pods: compare the growth of their memory, not its start. The figures in
[live.md](live.md) are those of another run.

![The same figures drawn](footprint.svg)
"""
Parts = dict[str, list[Footprint]]


def page(found: Sequence[Footprint]) -> str:
    """Return the text of docs/footprint.md."""
    parts = by_part(found)
    sizes = ", ".join(str(one.services) for one in next(iter(parts.values())))
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "istio": MEASURED}
    head = HEAD.format(day=date.today(), sizes=sizes, limit=LIMIT, **machine)
    tables = (
        _table("Memory at rest, MiB", parts, lambda one: f"{one.memory / MEBI:.0f}"),
        _table("CPU seconds while the new services came", parts, lambda one: f"{one.busy:.1f}"),
        _table("CPU at rest, millicores", parts, lambda one: f"{one.idle * 1000:.0f}"),
        "## How far three Pis go\n\n" + "\n".join(_reach(name, values) for name, values in parts.items()),
        _pods(),
    )
    return "\n".join((head, *tables))


def by_part(found: Sequence[Footprint]) -> Parts:
    """Group the footprints by the part of the mesh."""
    parts: Parts = {}
    for one in found:
        parts.setdefault(one.part, []).append(one)
    return parts


def reach(values: Sequence[Footprint]) -> int | None:
    """Return how many services fit under the limit, by linear regression; None when memory does not grow."""
    slope, start = linear_regression([one.services for one in values], [one.memory / MEBI for one in values])
    return int((LIMIT - start) / slope) if slope > 0.001 else None


def _pods() -> str:
    room = of(inventory.of(load_file(CHECKOUT / "Pulumi.pi-cluster.yaml"))).room
    return f"- pods: the sidecars' requests leave room for {room} of them (`python -m operations budget`)\n"


def _table(title: str, parts: Parts, shown) -> str:
    sizes = [str(one.services) for one in next(iter(parts.values()))]
    rows = [f"| {name} | {' | '.join(shown(one) for one in values)} |" for name, values in parts.items()]
    lines = (f"## {title}", "", f"| services | {' | '.join(sizes)} |", f"|---{'|---' * len(sizes)}|", *rows, "")
    return "\n".join(lines)


def _reach(name: str, values: Sequence[Footprint]) -> str:
    count = reach(values)
    grows = "does not grow with them" if count is None else f"reaches {LIMIT} MiB at about {count} services"
    return f"- {name}: {grows}"
