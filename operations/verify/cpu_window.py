"""The mesh's containers must not wait at their CPU limits, as the kubelets count it: every request would be slower."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.verification_input import VerificationInput
from pi_mesh.checks.verify import cpu_throttling
from pi_mesh.checks.verify.cpu_throttling import Reading
from pi_mesh.cluster import kubelet
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.kubelet import ContainerId, Counters

AT_ONCE = 8
"""Number of kubelets that are asked at once."""
SHORTEST = 20
"""Seconds after which a kubelet has counted again for certain (housekeeping of cAdvisor: 10 s, at most doubled)."""


class Window:
    """The time between two readings of the counters, while the other checks run."""

    def __init__(self, client: Client, pool: ThreadPoolExecutor, nodes: Iterable[str]) -> None:
        """Begin to read the counters."""
        self._client, self._pool, self._nodes = client, pool, tuple(nodes)
        self._begun, self._first = time.monotonic(), self._read()

    def found(self, seen: VerificationInput, seconds: int) -> list[Finding]:
        """Return the findings over a window of at least `seconds`; without one, over what the run took anyway."""
        first = _reading(self._first)
        time.sleep(max(0.0, self._begun + seconds - time.monotonic()))
        is_window = time.monotonic() - self._begun >= SHORTEST
        return list(cpu_throttling.check(seen, first, _reading(self._read()) if is_window else first))

    def _read(self) -> dict[str, "Future[dict[ContainerId, Counters]]"]:
        return {node: self._pool.submit(kubelet.counters, self._client, node) for node in self._nodes}


@contextmanager
def running_window(seen: VerificationInput) -> Iterator[Window]:
    """Yield a window that begins now, on the Ready nodes with a container of the mesh."""
    used = {limited.pod.node for limited in cpu_throttling.limited_containers(seen)}
    nodes = [node.name for node in seen.snapshot.nodes if node.ready and node.name in used]
    with Client(seen.settings.cluster.context) as client, ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        yield Window(client, pool, nodes)


def _reading(asked: "dict[str, Future[dict[ContainerId, Counters]]]") -> Reading:
    counters: dict[ContainerId, Counters] = {}
    problems: dict[str, str] = {}
    for node, answer in asked.items():
        try:
            counters |= answer.result()
        except kubelet.NotAnswered as problem:
            problems[node] = str(problem)
    return Reading(counters, problems)
