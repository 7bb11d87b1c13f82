"""The budget as table cells, and as totals for a stack's outputs."""

from typing import TYPE_CHECKING

from pi_mesh.budget.mesh import Budget, Promise, Row
from pi_mesh.quantities import ZERO, Resources
from pi_mesh.words import counted

if TYPE_CHECKING:
    from rich.table import Table


HEADINGS: tuple[str, ...] = ("component", "pods", "requests", "limits", "more in a rollout")
"""Headings of the columns. Requests and limits are CPU / memory of all the component's pods together."""


def rows(budget: Budget) -> list[tuple[str, ...]]:
    """Return a line for each component, the mesh, its share of the Pis, one sidecar and each namespace's workloads."""
    amounts = (budget.requests, budget.limits, budget.surge)
    mesh = _cells("mesh", sum(row.pods for row in budget.rows), *amounts)
    shares = ("share of the Pis", "", *(_percent(budget, part) for part in amounts))
    promised = map(_line, (promise.row for promise in budget.promises))
    return [*map(_line, budget.rows), mesh, shares, _line(budget.sidecar), *promised]


def room(budget: Budget) -> str:
    """Return the sentences below the table."""
    pi, *others = budget.pis
    size = f"{pi.free.cpu_in_words}, {pi.free.shown_memory}, {counted(pi.free_pods, 'pod')}"
    pis = f"{counted(len(budget.pis), 'empty Pi')} ({size}{' each' if others else ''})"
    if not budget.fits:
        return f"The mesh and the surge of its rollouts do NOT fit on {pis}."
    promises = " ".join(map(_promise, budget.promises, budget.kept))
    return f"Room for {counted(budget.room, 'more sidecar')} on {pis}. {promises}"


def _promise(promise: Promise, fits: int) -> str:
    namespace, promised = promise.namespace, promise.row.pods
    key, injected = f"{namespace.setting}.workloads", namespace.own.injection
    beside = "the mesh and its rollouts" if namespace.is_trading else "them"
    if fits < promised:
        pods = f"{counted(promised, 'pod')} that {key} promises"
        return f"Only {fits} of the {pods}{', each with its sidecar,' if injected else ''} fit beside {beside}."
    pods, sidecars, verb = ("The 1 pod", "its sidecar", "fits")
    if promised > 1:
        pods, sidecars, verb = (f"The {promised} pods", "their sidecars", "fit")
    return f"{pods} that {key} promises{f', with {sidecars},' if injected else ''} {verb} beside {beside}."


def totals(budget: Budget) -> dict[str, str | int]:
    """Return the totals for a stack's outputs; requests and limits are CPU / memory of all the mesh's pods."""
    return {
        "pods": sum(row.pods for row in budget.rows),
        "requests": str(budget.requests),
        "limits": str(budget.limits),
        "sidecars": budget.room,
    }


def _line(row: Row) -> tuple[str, ...]:
    return _cells(row.component, row.pods, row.total_requests, row.total_limits, row.surge_requests)


def _cells(name: str, pods: int, requests: Resources, limits: Resources, surge: Resources) -> tuple[str, ...]:
    return name, str(pods), str(requests), str(limits), "" if surge == ZERO else f"+ {surge}"


def _percent(budget: Budget, part: Resources) -> str:
    cpu, memory = part.shares_of(budget.capacity)
    return f"{cpu:.1%} / {memory:.1%}"


def rendered_table(budget: Budget) -> "Table":
    """Return the table for `rich.print`; the caption says how many more sidecars fit."""
    # Imported here, because only a terminal needs it: a stack's outputs do not.
    from rich.table import Table

    shown = Table(caption=room(budget), caption_justify="left")
    for heading in HEADINGS:
        shown.add_column(heading, justify="left" if heading == "component" else "right")
    for line in rows(budget):
        shown.add_row(*line)
    return shown
