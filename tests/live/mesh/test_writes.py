"""Writes to the cards: what the mesh writes in an hour, by the counters of etcd, the API server and the kernel."""

import re
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab.cluster import cgroup, forward
from lab.cluster.kubectl import kubectl
from lab.cluster.machines import NODES
from lab.workloads import TRADING
from tests.live.traffic import shop
from tests.live.traffic.load import steady
from tests.support.project import Project

pytestmark = pytest.mark.long

SETTLED, WINDOW = 90, 240
"""Seconds before the count, and those that are counted."""
HOUR = 3600 / WINDOW
MI = 1 << 20
WRITES = re.compile(
    r'^apiserver_request_total\{.*?resource="([a-z]+)".*?verb="(?:POST|PUT|PATCH|DELETE|APPLY)".*\} (\S+)$'
)
SETTINGS: dict[str, dict[str, object]] = {
    "as shipped": {},
    "two istiods": {"istio.pilotReplicas": 2},
    "each request logged, at gateway and sidecar": {
        "observability.accessLogs": {"gateways": True, "namespaces": [TRADING], "sampling": 100}
    },
}
MOST_PUTS, MOST_IN_LOG, MOST_ON_A_NODE = 6000, 5 * MI, 100 * MI
"""Bounds of what Kubernetes and the mesh together write in an hour; a third more than was seen on 2026-12-03."""


@dataclass
class Written:
    """Counters since the start of the machines."""

    bytes_of_etcd: float = 0
    puts: float = 0
    requests: Counter[str] = field(default_factory=Counter)
    """Writes that the API server was asked for, by resource."""
    of_nodes: dict[str, int] = field(default_factory=dict)
    """Bytes that the processes of a node had the kernel write, by node."""

    def __sub__(self, earlier: "Written") -> "Written":
        nodes = {name: count - earlier.of_nodes[name] for name, count in self.of_nodes.items()}
        return Written(
            (self.bytes_of_etcd - earlier.bytes_of_etcd) * HOUR,
            (self.puts - earlier.puts) * HOUR,
            Counter({name: round(count * HOUR) for name, count in (self.requests - earlier.requests).items()}),
            {name: round(count * HOUR) for name, count in nodes.items()},
        )

    def __str__(self) -> str:
        most = ", ".join(f"{count} {resource}" for resource, count in self.requests.most_common(4))
        nodes = ", ".join(f"{count / MI:.0f}" for count in self.of_nodes.values())
        return f"{self.puts:.0f} puts ({most}), {self.bytes_of_etcd / MI:.1f} MiB in etcd's log; nodes {nodes} MiB"


def counters() -> Written:
    with urllib.request.urlopen(f"http://127.0.0.1:{forward.keep('etcd', '127.0.0.1:2379')}/metrics") as answer:
        of_etcd = dict(re.findall(r"^(etcd_\w+) (\S+)$", answer.read().decode(), re.MULTILINE))
    requests: Counter[str] = Counter()
    for line in kubectl("get", "--raw", "/metrics").splitlines():
        if found := WRITES.match(line):
            requests[found[1]] += int(float(found[2]))
    nodes = {node.name: sum(map(_written_bytes, cgroup.processes(node.cgroup))) for node in NODES}
    log, puts = of_etcd["etcd_disk_wal_write_bytes_total"], of_etcd["etcd_mvcc_put_total"]
    return Written(float(log), float(puts), requests, nodes)


def _written_bytes(pid: int) -> int:
    try:
        return int(re.findall(r"^write_bytes: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.MULTILINE)[0])
    except OSError:  # it has ended
        return 0


def in_an_hour() -> Written:
    time.sleep(SETTLED)
    before = counters()
    time.sleep(WINDOW)
    return counters() - before


@pytest.mark.usefixtures("nothing")
def test_without_a_mesh(figure: Callable[[str], None]):
    figure(str(in_an_hour()))


@contextmanager
def installed(project: Project, settings: dict[str, object]) -> Iterator[None]:
    with project.changed(settings), shop.open_shop(), steady(*shop.WAYS["ingress"]):
        yield


@pytest.mark.parametrize("settings", SETTINGS)
def test_with_the_mesh(alone: Project, figure: Callable[[str], None], settings: str):
    with installed(alone, SETTINGS[settings]):
        written = in_an_hour()
    figure(str(written))
    assert 0 < written.puts < MOST_PUTS
    assert 0 < written.bytes_of_etcd < MOST_IN_LOG
    assert max(written.of_nodes.values()) < MOST_ON_A_NODE
