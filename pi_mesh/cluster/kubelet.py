"""The kubelet of a node, asked through the API server: its clock, its disks, and the counters of its containers.

The kubeconfig's user needs the right to get nodes/proxy.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from pi_mesh.cluster.client import Client, Relayed
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.metrics import samples

SECONDS = 10
"""Seconds for one answer: a busy Pi takes several for the counters of 100 pods."""
CLOCK, DISKS, COUNTERS = "healthz", "stats/summary", "metrics/cadvisor"
PERIODS, THROTTLED, MEMORY = (
    "container_cpu_cfs_periods_total",
    "container_cpu_cfs_throttled_periods_total",
    "container_spec_memory_limit_bytes",
)
"""Names of cAdvisor (google/cadvisor, docs/storage/prometheus.md)."""


class NotAnswered(ClusterUnreachable):
    """The kubelet cannot be asked; the text is the reason."""


class ContainerId(NamedTuple):
    """The name of a container in the kubelet's counters."""

    namespace: str
    pod: str
    container: str


@dataclass(frozen=True)
class Counters:
    """The counters of one container, since its start."""

    at: float = 0
    """Time of the count by the node's clock, in seconds; the kubelet counts every 10 to 20 seconds."""
    periods: int = 0
    """Number of CPU periods (100 ms each) in which the container wanted to run; 0 without a CPU limit."""
    throttled: int = 0
    """Number of these in which it used up its limit and was stopped."""
    memory_limit: int = 0
    """Memory limit of the cgroup in bytes; 0 without one."""


class Disk(NamedTuple):
    """A file system of a node, in bytes."""

    purpose: str
    free: int
    size: int


class Offset(NamedTuple):
    """Bounds of the seconds by which a node's clock is ahead of the API server's: clocks are told in whole seconds."""

    least: float
    most: float

    @property
    def certain(self) -> float:
        """Return the seconds that are certain, negative for a clock that is behind; 0 where the clocks may agree."""
        return self.least if self.least > 0 else min(self.most, 0)


def counters(client: Client, node: str) -> dict[ContainerId, Counters]:
    """Return the counters of the node's containers. Raises NotAnswered."""
    return of_metrics(_asked(client, node, COUNTERS).text)


def of_metrics(text: str) -> dict[ContainerId, Counters]:
    """Return the counters in cAdvisor's metrics; a container that restarted may still be there twice."""
    by_container: dict[ContainerId, Counters] = {}
    for metric, labels, value, milliseconds in samples(text, PERIODS, THROTTLED, MEMORY):
        if not labels.get("container"):  # the sum of a pod or of a cgroup
            continue
        key = ContainerId(labels.get("namespace", ""), labels.get("pod", ""), labels["container"])
        at, before = milliseconds / 1000, by_container.get(key, Counters())
        field = {PERIODS: "periods", THROTTLED: "throttled", MEMORY: "memory_limit"}[metric]
        if at >= before.at or field == "memory_limit":
            by_container[key] = replace(before, at=max(at, before.at), **{field: int(value)})
    return by_container


def disks(client: Client, node: str) -> list[Disk]:
    """Return the file systems of the node's kubelet and of its images. Raises NotAnswered."""
    try:
        told = json.loads(_asked(client, node, DISKS).text)["node"]
    except (ValueError, KeyError):
        raise NotAnswered("its answer is no summary of its statistics") from None
    systems = {"kubelet": told.get("fs") or {}, "images": (told.get("runtime") or {}).get("imageFs") or {}}
    sizes = [(name, disk.get("availableBytes"), disk.get("capacityBytes")) for name, disk in systems.items()]
    return [Disk(purpose, free, size) for purpose, free, size in sizes if size and free is not None]


def clock(client: Client, node: str) -> Offset:
    """Return how far the node's clock is from the API server's. Raises NotAnswered."""
    before = _date(client.relay("/version", SECONDS))
    answer = _date(_asked(client, node, CLOCK))
    after = _date(client.relay("/version", SECONDS))
    if not (before and answer and after):
        raise NotAnswered("an answer has no date")
    return Offset((answer - after).total_seconds() - 1, (answer - before).total_seconds() + 1)


def _date(answer: Relayed) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.date) if answer.date else None
    except ValueError:
        return None


def _asked(client: Client, node: str, path: str) -> Relayed:
    try:
        answer = client.relay(f"/api/v1/nodes/{node}/proxy/{path}", SECONDS)
    except ClusterUnreachable:
        raise NotAnswered(f"it gave no answer within {SECONDS} s") from None
    if answer.status in (401, 403):
        raise NotAnswered("the kubeconfig's user has no right to get nodes/proxy")
    if answer.status != 200:
        raise NotAnswered(f"status {answer.status}: {answer.text.strip().partition(chr(10))[0][:160]}")
    return answer


AT_ONCE = 8
"""Number of kubelets that are asked at once."""
SHORTEST = 20
"""Seconds after which a kubelet has counted again for certain (housekeeping of cAdvisor: 10 s, at most doubled)."""


@dataclass(frozen=True)
class Reading:
    """The counters of all nodes at one time."""

    counters: Mapping[ContainerId, Counters]
    problems: Mapping[str, str]
    """Reason for which a node's kubelet was not read, by node."""


class Window:
    """The time between two readings of the counters, while other things are looked at."""

    def __init__(self, client: Client, pool: ThreadPoolExecutor, nodes: Iterable[str], seconds: int) -> None:
        """Begin to read the counters for a window of at least `seconds`; with 0, of what the others take anyway."""
        self._client, self._pool, self._nodes, self._seconds = client, pool, tuple(nodes), seconds
        self._begun, self._first = time.monotonic(), self._read()

    def readings(self) -> tuple[Reading, Reading]:
        """Return the readings at both ends; twice the first one if no kubelet can have counted again."""
        first = _reading(self._first)
        time.sleep(max(0.0, self._begun + self._seconds - time.monotonic()))
        is_window = time.monotonic() - self._begun >= SHORTEST
        return first, _reading(self._read()) if is_window else first

    def _read(self) -> dict[str, "Future[dict[ContainerId, Counters]]"]:
        return {node: self._pool.submit(counters, self._client, node) for node in self._nodes}


@contextmanager
def running_window(context: str, nodes: Iterable[str], seconds: int) -> Iterator[Window]:
    """Yield a window that begins now, on these nodes."""
    with Client(context) as client, ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        yield Window(client, pool, nodes, seconds)


def _reading(asked: "dict[str, Future[dict[ContainerId, Counters]]]") -> Reading:
    read: dict[ContainerId, Counters] = {}
    problems: dict[str, str] = {}
    for node, answer in asked.items():
        try:
            read |= answer.result()
        except NotAnswered as problem:
            problems[node] = str(problem)
    return Reading(read, problems)
