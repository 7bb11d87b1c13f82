"""`budget`: what the mesh asks of the Pis, and how many sidecars still fit on the live nodes."""

from collections.abc import Sequence

from rich.console import Console

from operations import report, stacks
from operations.command_line import Json, Stack, conclude, expected_errors
from operations.report import Amounts, BudgetPart, Component, NodeRoom, Report
from pi_mesh import inventory
from pi_mesh.budget import mesh, terminal
from pi_mesh.budget.fit import Node
from pi_mesh.budget.mesh import Budget, Row
from pi_mesh.checks.capacity import rooms
from pi_mesh.checks.finding import Finding, Subject, ok
from pi_mesh.cluster import snapshot
from pi_mesh.quantities import Resources

ID = "room for sidecars"


def budget(stack: Stack, as_json: Json = False) -> None:
    """Show requests, limits and rollout surge of each component, and the room that the live nodes have left."""
    with expected_errors("budget", stack, as_json):
        settings = stacks.load(stack)
        planned = mesh.of(inventory.of(settings, stack))
        cluster = snapshot.read(settings.cluster.context)
        nodes = rooms(cluster.nodes, cluster.pods)
        findings = [_finding(node, planned.sidecar.requests) for node in nodes]
        found = report.of("budget", stack, findings, _part(planned, nodes))
    conclude(found, as_json, lambda it: _show(planned, it))


def _finding(node: Node, sidecar: Resources) -> Finding:
    left = node.room(sidecar)
    message = f"{left} more ({node.free} free{'' if node.accepts else ', takes no pods'})"
    return ok(ID, Subject("node", node.name), message, number=left)


def _part(planned: Budget, nodes: Sequence[Node]) -> BudgetPart:
    sidecar = planned.sidecar.requests
    room = tuple(
        NodeRoom(node=node.name, sidecars=node.room(sidecar), free=_amounts(node.free), accepts=node.accepts)
        for node in nodes
    )
    return BudgetPart(
        components=tuple(map(_component, planned.rows)),
        sidecar=_component(planned.sidecar),
        nodes=room,
        sidecars=sum(node.sidecars for node in room),
    )


def _component(row: Row) -> Component:
    requests, limits, surge = map(_amounts, (row.total_requests, row.total_limits, row.surge_requests))
    return Component(component=row.component, pods=row.pods, requests=requests, limits=limits, surge=surge)


def _amounts(resources: Resources) -> Amounts:
    return Amounts(cpu=resources.cpu, memory=resources.memory)


def _show(planned: Budget, found: Report) -> None:
    console, total = Console(), found.budget.sidecars if found.budget else 0
    console.print(terminal.render(planned))
    console.print(f"On the live nodes, with what runs there now, {total} sidecars fit:")
    for finding in found.findings:
        console.print(f"  {finding.name}: {finding.message}")
