"""The kubelet's answers about a node of the trial: its clock, its disks and the memory limit of the trial's Envoy."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from operations.rehearse.trial_pod import RUNNING
from pi_mesh.cluster import kubelet
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.kubelet import ContainerId, Disk, NotAnswered, Offset

T = TypeVar("T")
AT_ONCE = 8
PATIENCE, PAUSE = 20.0, 2.0
"""Seconds until the kubelet has counted a new container for certain, and between two questions."""


@dataclass(frozen=True)
class NodeCounters:
    """The kubelet's answers; a text in place of one is the reason for which it is unknown."""

    clock: Offset | str
    disks: list[Disk] | str
    memory_limit: int | str


def read(client: Client, envoys: Mapping[str, ContainerId | None]) -> dict[str, NodeCounters]:
    """Return the answers of the nodes; each may have a running Envoy."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return dict(pool.map(lambda entry: (entry[0], _node(client, *entry)), envoys.items()))


def envoy(namespace: str, pod: str) -> ContainerId:
    """Return the name of the trial's Envoy in the kubelet's counters."""
    return ContainerId(namespace, pod, RUNNING)


def _node(client: Client, node: str, running: ContainerId | None) -> NodeCounters:
    return NodeCounters(
        _or_reason(lambda: kubelet.clock(client, node)),
        _or_reason(lambda: kubelet.disks(client, node)),
        _or_reason(lambda: _memory_limit(client, node, running)) if running else "no Envoy of the trial runs there",
    )


def _memory_limit(client: Client, node: str, running: ContainerId) -> int:
    """Return the limit of Envoy's cgroup, 0 for a cgroup without one. Raises NotAnswered."""
    until = time.monotonic() + PATIENCE
    while True:
        if counted := kubelet.counters(client, node).get(running):
            return counted.memory_limit
        if time.monotonic() > until:
            raise NotAnswered("the kubelet does not count the trial's container")
        time.sleep(PAUSE)


def _or_reason(ask: Callable[[], T]) -> T | str:
    try:
        return ask()
    except NotAnswered as problem:
        return str(problem)
