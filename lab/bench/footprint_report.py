"""The report of the footprint: a page with tables, one for each series."""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import date
from statistics import linear_regression

from lab.bench import MEASURED, published_figures
from lab.bench.container_usage import MEBI, Footprint
from lab.cluster.names import CHECKOUT
from pi_mesh import inventory
from pi_mesh.budget.mesh import mesh_budget
from pi_mesh.catalog.footprint import MARGIN, Growth
from pi_mesh.settings.stack_file import load_file

LIMIT = 256
"""MiB: the Ansible role's memory limit of istiod, gateway and sidecar alike."""
FAR = 10
"""Multiple of the measured services up to which a line is drawn out."""
WITHOUT, WITH = "Without discovery selectors", "With discovery selectors"
HEAD = """# What the mesh takes

Written by `python -m lab.bench.footprint` on {day}, {cores} cores, {machine}: read from the containers'
cgroups (memory is kubelet's working set), with {sizes} services of two endpoints each in a namespace beside
`trading`, and four proxies: two gateways and two sidecars. By default istiod watches that namespace. The discovery
selectors of `istio.discovery.limited` ([namespaces.md](namespaces.md)) leave it out.
{istio}

The dashed line in the plot is the Ansible role's memory limit, {limit} MiB, which is the default here too; memory above
it is bold in the table. While this was measured the limit was 1 GiB, so that nothing was killed. istiod gives Go's
runtime its limit as a soft one (automemlimit): near {limit} MiB it collects garbage more often than it did here.

The two sidecars are different pods: compare the growth of their memory, not its start. The figures in
[live.md](live.md) are those of another run.

![The same figures drawn](footprint.svg)
"""
REACH = f"""## How far three Pis go

By linear regression of the memory at rest. `ISTIOD`, `GATEWAY` and `SIDECAR` in `pi_mesh/catalog/footprint.py` are the
lines of istiod, the gateway and the sidecar that knows the whole mesh, without discovery selectors. Preflight warns
where {MARGIN} times such a line reaches the limit. It counts the services that istiod watches.
"""
Parts = dict[str, list[Footprint]]


def page(found: Mapping[str, Sequence[Footprint]]) -> str:
    """Return the text of docs/footprint.md, of series by their titles."""
    series = {title: by_part(footprints) for title, footprints in found.items()}
    sizes = ", ".join(f"{one.services:,}" for one in next(iter(series[WITHOUT].values())))
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "istio": MEASURED}
    tables = (
        HEAD.format(day=date.today(), sizes=sizes, limit=LIMIT, **machine),
        _tables("Memory at rest, MiB", series, lambda one: _bold_above_limit(round(one.memory / MEBI))),
        _tables("CPU seconds while the new services came", series, lambda one: f"{one.busy:.1f}"),
        _tables("CPU at rest, millicores", series, lambda one: f"{one.idle * 1000:.0f}"),
        REACH,
        *(_reach(title, parts) for title, parts in series.items()),
        _pods(),
        published_figures.section(series[WITHOUT]),
    )
    return "\n".join(tables)


def by_part(found: Sequence[Footprint]) -> Parts:
    """Group the footprints by the part of the mesh."""
    parts: Parts = {}
    for one in found:
        parts.setdefault(one.part, []).append(one)
    return parts


def growth(services: Sequence[int], mebi: Sequence[int]) -> Growth:
    """Return the growth of memory in MiB, as the page shows it, by linear regression."""
    slope, start = linear_regression(services, mebi)
    return Growth(round(start), round(slope * 1024))


def _tables(heading: str, series: Mapping[str, Parts], shown) -> str:
    return f"## {heading}\n\n" + "\n".join(_table(title, parts, shown) for title, parts in series.items())


def _table(title: str, parts: Parts, shown) -> str:
    sizes = [str(one.services) for one in next(iter(parts.values()))]
    rows = [f"| {name} | {' | '.join(shown(one) for one in values)} |" for name, values in parts.items()]
    lines = (f"### {title}", "", f"| services | {' | '.join(sizes)} |", f"|---{'|---' * len(sizes)}|", *rows, "")
    return "\n".join(lines)


def _bold_above_limit(mebi: int) -> str:
    return f"**{mebi}**" if mebi > LIMIT else str(mebi)


def _reach(title: str, parts: Parts) -> str:
    heads = ["", "MiB without services", "KiB for each", f"services at {LIMIT} MiB"]
    margins = [1.0, MARGIN] if title == WITHOUT else [1.0]
    heads += ["services at preflight's warning"] * (len(margins) - 1)
    lines = [f"### {title}", "", f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for name, values in parts.items():
        line = growth([one.services for one in values], [round(one.memory / MEBI) for one in values])
        ends = [_count(line.reach(LIMIT, margin), values[-1].services * FAR) for margin in margins]
        lines.append(f"| {name} | {line.start} | {line.each} | {' | '.join(ends)} |")
    return "\n".join((*lines, ""))


def _count(services: int | None, most: int) -> str:
    if services is None:
        return "does not grow"
    return f"{services:,}" if services <= most else f"over {most:,}"


def _pods() -> str:
    room = mesh_budget(inventory.mesh_inventory(load_file(CHECKOUT / "Pulumi.pi-cluster.yaml"))).room
    return f"Pods: the sidecars' requests leave room for {room} of them (`python -m operations budget`).\n"
