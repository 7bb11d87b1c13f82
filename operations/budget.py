"""`budget`: what the mesh asks of the Pis, and how many sidecars still fit on the live nodes."""

import json

from rich.console import Console

from operations import stacks
from operations.command_line import Json, Stack, one_clear_line
from pi_mesh import inventory
from pi_mesh.budget import mesh, table, terminal
from pi_mesh.budget.fit import sidecars
from pi_mesh.checks.capacity import rooms
from pi_mesh.cluster import snapshot


def budget(stack: Stack, as_json: Json = False) -> None:
    """Show requests, limits and rollout surge of each component, and the room that the live nodes have left."""
    with one_clear_line():
        settings = stacks.load(stack)
        planned = mesh.of(inventory.of(settings, stack))
        cluster = snapshot.read(settings.cluster.context)
    nodes = rooms(cluster.nodes, cluster.pods)
    left = {node.name: node.room(planned.sidecar.requests) for node in nodes}
    if as_json:
        print(
            json.dumps(
                {"stack": stack, "planned": table.summary(planned), "room": left, "sidecars": sum(left.values())}
            )
        )
        return
    console = Console()
    console.print(terminal.render(planned))
    console.print(
        f"On the live nodes, with what runs there now, {sidecars(nodes, planned.sidecar.requests)} sidecars fit:"
    )
    for node in nodes:
        console.print(
            f"  {node.name}: {left[node.name]} more ({node.free} free{'' if node.accepts else ', takes no pods'})"
        )
