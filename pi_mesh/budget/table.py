"""The budget as table cells, worded once for the terminal and a pull request, and as totals for a stack's outputs."""

from pi_mesh.budget.mesh import Budget, Row
from pi_mesh.quantities import ZERO, Resources

HEADINGS: tuple[str, ...] = ("component", "pods", "requests", "limits", "more in a rollout")
"""Headings of the columns. Requests and limits are CPU / memory of all the component's pods together."""


def rows(budget: Budget) -> list[tuple[str, ...]]:
    """Return a line for each component, the whole mesh, its share of the Pis, one sidecar and the trading workloads."""
    mesh_pods = sum(row.pods for row in budget.rows)
    lines = [_line(row) for row in budget.rows]
    lines.append(_cells("mesh", mesh_pods, budget.requests, budget.limits, budget.surge))
    lines.append(("share of the Pis", "", *(_percent(budget, part) for part in _parts(budget))))
    return [*lines, _line(budget.sidecar), _line(budget.trading)]


def room(budget: Budget) -> str:
    """Return the sentences below the table."""
    pi, count = budget.pis[0], len(budget.pis)
    size = f"{pi.free.cpu_in_words}, {pi.free.shown_memory}, {_counted(str(pi.free_pods), 'pod')}"
    pis = f"{_counted(str(count), 'empty Pi')} ({size}{' each' if count > 1 else ''})"
    if not budget.fits:
        return f"The mesh and the surge of its rollouts do NOT fit on {pis}."
    return f"Room for {_counted(str(budget.room), 'more sidecar')} on {pis}. {_promise(budget)}"


def _promise(budget: Budget) -> str:
    promised = budget.trading.pods
    if budget.promised < promised:
        pods = f"{_counted(str(promised), 'pod')} that trading.workloads promises"
        return f"Only {budget.promised} of the {pods}, each with its sidecar, fit beside the mesh and its rollouts."
    pods, verb = ("The 1 pod", "fits") if promised == 1 else (f"The {promised} pods", "fit")
    return f"{pods} that trading.workloads promises, with their sidecars, {verb} beside the mesh and its rollouts."


def summary(budget: Budget) -> dict[str, dict[str, str] | str]:
    """Return the table for a pull request's comment, the columns by component."""
    lines = {name: dict(zip(HEADINGS[1:], cells, strict=True)) for name, *cells in rows(budget)}
    return {**lines, "room": room(budget)}


def totals(budget: Budget) -> dict[str, str | int]:
    """Return the totals for a stack's outputs; requests and limits are CPU / memory of all the mesh's pods."""
    return {
        "pods": sum(row.pods for row in budget.rows),
        "requests": str(budget.requests),
        "limits": str(budget.limits),
        "sidecars": budget.room,
    }


def _counted(count: str, noun: str) -> str:
    return f"{count} {noun}" if count == "1" else f"{count} {noun}s"


def _line(row: Row) -> tuple[str, ...]:
    return _cells(row.component, row.pods, row.total_requests, row.total_limits, row.surge_requests)


def _cells(name: str, pods: int, requests: Resources, limits: Resources, surge: Resources) -> tuple[str, ...]:
    return name, str(pods), str(requests), str(limits), "" if surge == ZERO else f"+ {surge}"


def _parts(budget: Budget) -> tuple[Resources, Resources, Resources]:
    return budget.requests, budget.limits, budget.surge


def _percent(budget: Budget, part: Resources) -> str:
    cpu, memory = part.shares_of(budget.capacity)
    return f"{cpu:.1%} / {memory:.1%}"
