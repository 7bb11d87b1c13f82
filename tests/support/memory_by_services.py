"""The memory of istiod, the ingress gateway and two sidecars of the mesh, by the number of services in the cluster.

One sidecar is in the trading namespace, with the program's default scope, and one in a namespace without any.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.cluster import cgroup
from lab.cluster.kubectl import kubectl, staying_pods
from lab.cluster.names import IDENTITY
from lab.cluster.shell import LabError
from lab.cluster.waiting import wait_until
from lab.workloads import CONTROL, SELF, Workload, apply, delete, manifests, namespace, wait_for

MEBI = 1 << 20
SCOPED_SIDECAR = "sidecar, default scope"
SCOPED = Workload("scoped")
UNSCOPED = Workload("unscoped", namespace="whole-mesh")
PROXY = "istio-proxy"
QUIET_SECONDS = 15
"""Seconds of each look at the CPU: istiod gathers changes for up to 10 s before it tells the proxies."""
IDLE = 0.05
"""Cores below which a container rests."""
PATIENCE = 600
"""Seconds to wait for that: a sidecar has 0.2 of a core to take in thousands of services."""
SERVICES = "crowd"
"""Namespace of the services."""
BATCH = 100
UNSEEN_BY_NODES = {"service.kubernetes.io/service-proxy-name": "nobody"}
"""Label of Services that kube-proxy ignores: the nodes' rules are not measured."""
PODS = 2
"""Endpoints of each Service."""


@dataclass(frozen=True)
class Container:
    """A running container, by the folders of its cgroup (several where the machine has cgroup v1)."""

    folders: tuple[Path, ...]

    @property
    def memory(self) -> int:
        """Return the bytes in use without the reclaimable part of the page cache: kubelet's working set."""
        used = self._number("memory.usage_in_bytes", "memory.current")
        free = self._entry("memory.stat", "total_inactive_file") or self._entry("memory.stat", "inactive_file")
        return used - free

    @property
    def cpu(self) -> float:
        """Return the seconds of CPU since the container started."""
        if microseconds := self._entry("cpu.stat", "usage_usec"):
            return microseconds / 1e6
        return self._number("cpuacct.usage", "cpuacct.usage") / 1e9

    def _file(self, name: str) -> Path | None:
        return next((folder / name for folder in self.folders if (folder / name).exists()), None)

    def _number(self, *names: str) -> int:
        file = next((file for name in names if (file := self._file(name))), None)
        if file is None:
            raise LabError("a measured container has ended; `kubectl get pods -A` shows which, and its last state why")
        return int(file.read_text())

    def _entry(self, name: str, key: str) -> int:
        file = self._file(name)
        lines = (line.split() for line in file.read_text().splitlines()) if file else ()
        return next((int(line[1]) for line in lines if line[0] == key), 0)


@dataclass(frozen=True)
class Footprint:
    """The memory of one part of the mesh, in bytes and at rest, at one number of services."""

    part: str
    services: int
    memory: int


def measure(sizes: Sequence[int], say) -> Iterator[Footprint]:
    """Measure each container of the mesh as it is at each size, from the smallest on."""
    with _proxies() as parts:
        kubectl("create", "namespace", SERVICES)
        try:
            for before, size in zip((0, *sizes), sizes, strict=False):
                _grow(before, size)
                _rest(parts)
                yield from (Footprint(name, size, part.memory) for name, part in parts.items())
                say(f"{size} services: measured")
        finally:
            kubectl("delete", "namespace", SERVICES, "--ignore-not-found", "--timeout=600s")


def by_part(footprints: Sequence[Footprint]) -> dict[str, list[Footprint]]:
    """Group the footprints by the part of the mesh."""
    parts: dict[str, list[Footprint]] = {}
    for footprint in footprints:
        parts.setdefault(footprint.part, []).append(footprint)
    return parts


def _container(namespace: str, selector: str, name: str) -> Container:
    """Return the container of the one pod that the selector finds."""
    (pod,) = staying_pods(namespace, selector)
    states = [*pod["status"]["containerStatuses"], *pod["status"].get("initContainerStatuses", ())]
    (identity,) = [state["containerID"].partition("//")[2] for state in states if state["name"] == name]
    found = [folder for top in cgroup.folders(IDENTITY) for folder in top.rglob(identity)]
    return Container(tuple(found))


@contextmanager
def _proxies() -> Iterator[dict[str, Container]]:
    """Give the containers that are measured, by their names in the report."""
    objects = [namespace(UNSCOPED.namespace, **{"istio-injection": "enabled"})]
    objects += [manifest for workload in (SCOPED, UNSCOPED) for manifest in manifests(workload)]
    apply(objects)
    try:
        wait_for(SCOPED, UNSCOPED)
        yield {
            "istiod": _container(CONTROL, "app=istiod", "discovery"),
            "ingress gateway": _container(CONTROL, "istio=ingressgateway", PROXY),
            SCOPED_SIDECAR: _container(SCOPED.namespace, f"{SELF}={SCOPED.name}", PROXY),
            "sidecar, whole mesh": _container(UNSCOPED.namespace, f"{SELF}={UNSCOPED.name}", PROXY),
        }
    finally:
        delete(objects)


def _rest(parts: Mapping[str, Container]) -> None:
    """Wait until all containers rest. Raises LabError when they do not."""
    spent = _cpu(parts)

    def rested() -> bool:
        nonlocal spent
        before = spent
        time.sleep(QUIET_SECONDS)
        spent = _cpu(parts)
        return all(spent[name] - before[name] < IDLE * QUIET_SECONDS for name in parts)

    wait_until("istiod and its proxies at rest", rested, PATIENCE)


def _cpu(parts: Mapping[str, Container]) -> dict[str, float]:
    return {name: part.cpu for name, part in parts.items()}


def _grow(before: int, after: int) -> None:
    """Create Services until `after` exist, when `before` exist."""
    for start in range(before, after, BATCH):
        items = [item for number in range(start, min(start + BATCH, after)) for item in _service(number)]
        kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


def _service(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a Service with its endpoints, whose addresses no pod has: nobody calls them."""
    name = f"service-{number}"
    metadata = {"name": name, "namespace": SERVICES, "labels": UNSEEN_BY_NODES}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [_port()]}}
    labels = {**UNSEEN_BY_NODES, "kubernetes.io/service-name": name}
    addresses = [f"10.246.{number * PODS // 250}.{number * PODS % 250 + pod + 1}" for pod in range(PODS)]
    backends = [{"addresses": [address], "conditions": {"ready": True}} for address in addresses]
    slice_ = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4"}
    return service, {**slice_, "metadata": {**metadata, "labels": labels}, "endpoints": backends, "ports": [_port()]}


def _port() -> dict[str, Any]:
    return {"name": "http", "port": 80, "protocol": "TCP"}
