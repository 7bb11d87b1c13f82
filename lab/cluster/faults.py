"""Faults that tests inject: a stopped node, one with little address space, or a stopped API server.

Other faults: simulated.py for what a node reports, vault.py for a sealed Vault, a deleted pod for istiod.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from lab.cluster import control_plane, enter, node, process, state
from lab.cluster.machines import Machine
from lab.cluster.machines import node as find_node
from lab.cluster.shell import LabError, run
from lab.cluster.waiting import lasting, wait_until

STEADY = 12
"""Seconds of two rounds of the node controller, and of a kubelet's time to contradict it."""
SLOWEST = 240
"""Seconds to wait at most: kubelets ask an API server that was away less and less often."""
ADDRESS_SPACE = 2_000_000
"""KiB of addresses for each process (RLIMIT_AS): enough for Go's programs, too few for the aligned 1 GiB that Envoy's
tcmalloc asks for, which then says the same as on a kernel with 39-bit addresses."""


def stop_node(name: str) -> None:
    """Kill every process of a real node and wait until the cluster has noticed (about 30 s)."""
    node.stop(find_node(name))
    wait_until(f"{name} not Ready", lambda: state.node_readiness()[name] != "True")


def start_node(name: str) -> None:
    """Start a stopped node, also one that was deleted from the cluster, and wait until it is Ready."""
    node.start(find_node(name))
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
def little_address_space(name: str) -> Iterator[None]:
    """Give new containers of a node few addresses while the block runs: a runc before runc sets the limit."""
    machine, real = find_node(name), shutil.which("runc", path=node.SYSTEM_PATH)
    if real is None:
        raise LabError("this machine has no runc: python -m lab up")
    shutil.copy(real, machine.folder / "runc")
    wrapper = machine.folder / "runc-with-few-addresses"
    wrapper.write_text(f'#!/bin/sh\nulimit -v {ADDRESS_SPACE}\nexec /run/node/runc "$@"\n')
    wrapper.chmod(0o755)
    _on(machine, "mount", "--bind", f"/run/node/{wrapper.name}", real)
    try:
        yield
    finally:
        _on(machine, "umount", real)


def _on(machine: Machine, *command: str) -> None:
    """Run a command among the mounts of a machine, which no other machine sees."""
    run(*enter.join(machine, node.runtime(machine), *command))


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
