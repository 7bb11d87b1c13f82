"""`budget`: what the mesh asks of the Pis, and how many sidecars still fit on the live nodes."""

from collections.abc import Sequence

from rich.console import Console

from operations import report, stacks
from operations.command_line import Json, Stack, conclude, expected_errors
from operations.report import BudgetPart, Component, NodeRoom, Report
from pi_mesh import inventory
from pi_mesh.budget import mesh, terminal
from pi_mesh.budget.fit import Node
from pi_mesh.budget.mesh import Budget, Row
from pi_mesh.checks import restarts
from pi_mesh.checks.capacity import rooms
from pi_mesh.checks.finding import Finding, Subject, ok
from pi_mesh.checks.restarts import Forecast
from pi_mesh.cluster import snapshot
from pi_mesh.quantities import Resources

ID, FORECAST = "room for sidecars", "restart forecast"


def budget(stack: Stack, as_json: Json = False) -> None:
    """Show requests, limits and rollout surge of each component, and the room that the live nodes have left."""
    with expected_errors("budget", stack, as_json):
        settings, exported = stacks.load_with_state(stack)
        wanted = inventory.of(settings, stack)
        planned = mesh.of(wanted)
        cluster = snapshot.read(settings.cluster.context)
        nodes = rooms(cluster.nodes, cluster.pods)
        forecast = restarts.of(wanted, exported())
        findings = [*(_finding(node, planned.sidecar.requests) for node in nodes), _forecast(forecast, stack)]
        found = report.of("budget", stack, findings, _part(planned, nodes))
    conclude(found, as_json, lambda it: _show(planned, it))


def _finding(node: Node, sidecar: Resources) -> Finding:
    left = node.room(sidecar)
    message = f"{left} more ({node.free} free{'' if node.accepts else ', takes no pods'})"
    return ok(ID, Subject("node", node.name), message, number=left)


def _forecast(forecast: Forecast, stack: str) -> Finding:
    """Return what an `up` with these settings does to pods that run."""
    subject, count = Subject("stack", stack), len(forecast.of_traffic)
    message = f"an `up` makes pods anew: {', '.join(forecast.of_traffic) or 'none'}"
    if forecast.keep:
        message += f"; running proxies keep the old {', '.join(forecast.keep)} until `refresh`"
    return ok(FORECAST, subject, message, number=count)


def _part(planned: Budget, nodes: Sequence[Node]) -> BudgetPart:
    sidecar = planned.sidecar.requests
    room = tuple(
        NodeRoom(node=node.name, sidecars=node.room(sidecar), free=node.free, accepts=node.accepts) for node in nodes
    )
    return BudgetPart(
        components=tuple(map(_component, planned.rows)),
        sidecar=_component(planned.sidecar),
        nodes=room,
        sidecars=sum(node.sidecars for node in room),
    )


def _component(row: Row) -> Component:
    return Component(
        component=row.component,
        pods=row.pods,
        requests=row.total_requests,
        limits=row.total_limits,
        surge=row.surge_requests,
    )


def _show(planned: Budget, found: Report) -> None:
    console, total = Console(), found.budget.sidecars if found.budget else 0
    console.print(terminal.render(planned))
    console.print(f"On the live nodes, with what runs there now, {total} sidecars fit:")
    for finding in found.findings:
        line = (
            f"  {finding.name}: {finding.message}" if finding.id == ID else f"Stack {finding.name}: {finding.message}"
        )
        console.print(line)
