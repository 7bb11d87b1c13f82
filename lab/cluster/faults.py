"""Faults that tests inject: a stopped node, or a stopped API server.

Other faults: simulated.py for what a node reports, vault.py for a sealed Vault, a deleted pod for istiod.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.cluster import control_plane, node, process, state
from lab.cluster.machines import Machine
from lab.cluster.machines import node as find_node
from lab.cluster.waiting import lasting, wait_until

STEADY = 12
"""Seconds of two rounds of the node controller, and of a kubelet's time to contradict it."""
SLOWEST = 240
"""Seconds to wait at most: kubelets ask an API server that was away less and less often."""


def stop_node(name: str) -> None:
    """Kill every process of a real node and wait until the cluster has noticed (about 30 s)."""
    node.stop(find_node(name))
    wait_until(f"{name} not Ready", lambda: state.node_readiness()[name] != "True")


def start_node(name: str) -> None:
    """Start a stopped node, also one that was deleted from the cluster, and wait until it is Ready."""
    machine: Machine = find_node(name)
    node.start_runtime(machine)
    node.start_kubelet(machine)
    wait_until(f"{name} Ready", lambda: state.node_readiness().get(name) == "True")


@contextmanager
def node_down(name: str) -> Iterator[None]:
    """Keep a node stopped while the block runs; it is Ready again afterwards."""
    stop_node(name)
    try:
        yield
    finally:
        start_node(name)


@contextmanager
def api_server_down() -> Iterator[None]:
    """Keep the API server stopped while the block runs; afterwards it answers and the nodes stay Ready.

    At first the node controller takes those for lost whose heartbeats could not be stored.
    """
    process.stop("kube-apiserver", seconds=1)  # without a limit it would wait for its watchers
    try:
        yield
    finally:
        control_plane.start_api_server()
        wait_until("nodes that stay Ready", lasting(state.is_ready, STEADY), SLOWEST)
