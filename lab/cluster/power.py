"""The power of every board and the control plane: off at once, as a cut does, and on again in any order.

What a machine writes is in the page cache of this one, which goes on: a cut here tears no file on a disk.
"""

import shutil
from concurrent.futures import ThreadPoolExecutor

from lab.cluster import control_plane, node, process, records, state, vault
from lab.cluster.machines import CONTROL_PLANE, NODES
from lab.cluster.machines import node as find_node
from lab.cluster.shell import print_progress
from lab.cluster.waiting import wait_until

OUTSIDE = "forward-"
"""Beginning of the names of processes that are no part of the boards: the ways from this machine into the lab."""
SLOWEST = 240


def _ready() -> set[str]:
    return {name for name, status in state.node_readiness().items() if status == "True"}


def off(keep: tuple[str, ...] = ()) -> None:
    """Kill every process of the nodes, their pods' included, and of the control plane, but for those to keep.

    Vault, if it was started, is a process of the control plane: keep it for a Vault that has power of its own.
    """
    for machine in NODES:
        node.stop(machine)
    for name in records.recorded():
        if not name.startswith(OUTSIDE) and name not in keep:
            process.stop(name, seconds=0)
    print_progress("every board is off")


def burn() -> None:
    """Have every board and the control plane lose all that they know but their images, and start a new cluster."""
    off()
    for machine in (CONTROL_PLANE, *NODES):
        for part in ("etcd", "kubelet", "pki"):
            shutil.rmtree(machine.folder / part, ignore_errors=True)
    on([])


def on(names: list[str]) -> None:
    """Give power to the control plane (`cp`) and nodes of these names, by default to all, and wait for them.

    A Vault that lost its power is sealed.
    """
    machines = [find_node(name) for name in names if name != CONTROL_PLANE.name] if names else [*NODES]
    with ThreadPoolExecutor() as pool:
        begun = [pool.submit(node.start, machine) for machine in machines]
        if not names or CONTROL_PLANE.name in names:
            control_plane.start_api()
            control_plane.start_controllers()
            control_plane.start_dns()
            vault.power_on()
        for each in begun:
            each.result()
    if state.api_is_ready():
        expected = {machine.name for machine in machines}
        wait_until("the nodes", lambda: expected <= _ready(), SLOWEST)
    print_progress("power is on")
