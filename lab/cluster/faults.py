"""What tests do to the lab. (A node's facts: simulated.py. Vault: vault.py. istiod: delete its pod.)"""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.cluster import control_plane, node, process, state
from lab.cluster.machines import Machine
from lab.cluster.machines import node as find_node
from lab.cluster.waiting import lasting, wait_until

STEADY = 12
"""Seconds: two rounds of the node controller, and a kubelet's time to contradict it."""
SLOWEST = 240
"""Seconds: kubelets ask an API server that was away less and less often."""


def stop_node(name: str) -> None:
    """Pulls the plug of a real node and returns when the cluster has noticed (about 30 s)."""
    node.stop(find_node(name))
    wait_until(f"{name} not Ready", lambda: state.node_readiness()[name] != "True")


def start_node(name: str) -> None:
    """Boots a stopped node and returns when it is Ready."""
    machine: Machine = find_node(name)
    node.start_runtime(machine)
    node.start_kubelet(machine)
    wait_until(f"{name} Ready", lambda: state.node_readiness()[name] == "True")


@contextmanager
def node_down(name: str) -> Iterator[None]:
    """A node that is off inside, and Ready again after."""
    stop_node(name)
    try:
        yield
    finally:
        start_node(name)


@contextmanager
def api_server_down() -> Iterator[None]:
    """No API server inside, and the same one again after.

    With nodes that stay Ready: at first the controller takes those for lost whose signs of life could not be stored.
    """
    process.stop("kube-apiserver", seconds=1)  # it would wait for its watchers
    try:
        yield
    finally:
        control_plane.start_api_server()
        wait_until("nodes that stay Ready", lasting(state.is_ready, STEADY), SLOWEST)
