"""The budget as table cells: the one wording for the terminal, a pull request and a stack's outputs."""

from pi_mesh.budget.mesh import Budget, Row
from pi_mesh.quantities import ZERO, Resources, show_cpu, show_memory

HEADINGS: tuple[str, ...] = ("component", "pods", "requests", "limits", "more in a rollout")
"""Requests and limits are CPU / memory, of all the component's pods together."""


def rows(budget: Budget) -> list[tuple[str, ...]]:
    """Return a line for each component, for the whole mesh, for its share of the Pis, and for one sidecar."""
    mesh_pods = sum(row.pods for row in budget.rows)
    lines = [_line(row) for row in budget.rows]
    lines.append(_cells("mesh", mesh_pods, budget.requests, budget.limits, budget.surge))
    lines.append(("share of the Pis", "", *(_percent(budget, part) for part in _parts(budget))))
    lines.append(_line(budget.sidecar))
    return lines


def room(budget: Budget) -> str:
    """Return the sentence below the table."""
    pi, count = budget.pis[0], len(budget.pis)
    size = f"{_counted(show_cpu(pi.free.cpu), 'CPU')}, {show_memory(pi.free.memory)}, {pi.free_pods} pods"
    pis = f"{_counted(str(count), 'empty Pi')} ({size}{' each' if count > 1 else ''})"
    if not budget.fits:
        return f"The mesh and the surge of its rollouts do NOT fit on {pis}."
    return f"Room for {_counted(str(budget.room), 'more sidecar')} on {pis}."


def summary(budget: Budget) -> dict[str, dict[str, str] | str]:
    """Return the table for a stack's outputs: by component what the columns say, so that a preview shows changes."""
    lines = {name: dict(zip(HEADINGS[1:], cells, strict=True)) for name, *cells in rows(budget)}
    return {**lines, "room": room(budget)}


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
