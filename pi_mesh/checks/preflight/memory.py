"""Memory must be free on every node before a first install, as the Ansible role required."""

from collections.abc import Iterator

from pi_mesh.checks.capacity import rooms
from pi_mesh.checks.finding import Finding, Subject, error, ok, setting
from pi_mesh.checks.ownership import is_installed
from pi_mesh.checks.preflight.nodes import usable
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory
from pi_mesh.quantities import show_memory

ID = "free memory"


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    if is_installed(mesh, snapshot):
        message = "the mesh is installed already: free memory is checked before a first install only"
        yield ok(ID, setting("cluster.freeMemory"), message)
        return
    wanted = mesh.settings.cluster.free_memory
    scarce = False
    nodes = {node.name: node for node in usable(snapshot)}
    for room in rooms(nodes.values(), snapshot.pods):
        node, left = nodes[room.name], room.free.memory
        if left < wanted.bytes:
            scarce = True
            message = f"{show_memory(left)} of {show_memory(node.allocatable.memory)} memory are free, {wanted} needed"
            fix = f"move pods away (`kubectl describe node {node.name}`) or lower cluster.freeMemory"
            yield error(ID, Subject("node", node.name), message, fix, number=left)
    if not scarce:
        yield ok(ID, Subject("node"), f"at least {wanted} of memory are free on each")
