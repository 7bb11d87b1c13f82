"""A gateway's Service of type LoadBalancer needs an address, or Helm waits until its timeout."""

from collections.abc import Iterator

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok, setting, warning
from pi_mesh.checks.ownership import is_installed
from pi_mesh.cluster.load_balancer import Answer, answer
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory, Kind, Workload

ID = "load balancer"
FIX = "set auto or NodePort, or free an address: docs/clusters.md"


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    """Refuse a vain wait before a first install; on an installed mesh warn of it."""
    gateways = [workload for release in mesh.of_kind(Kind.GATEWAY) for workload in release.workloads]
    found = [
        _finding(one, answer(mesh.settings, one.setting, snapshot), installed=is_installed(mesh, snapshot))
        for one in gateways
        if one.service_type in ("LoadBalancer", "auto")
    ]
    yield from found or [ok(ID, CLUSTER, "no gateway asks for an address")]


def _finding(workload: Workload, found: Answer, *, installed: bool) -> Finding:
    key = setting(f"{workload.setting}.service.type")
    if found.serves:
        return ok(ID, key, f"is {workload.service_type}: the address comes from {found.provider}")
    if workload.service_type == "auto":
        return _node_port(key, found, installed=installed)
    reason = found.refusal or "nothing in this cluster gives addresses"
    message = f"is LoadBalancer, but {reason}: the release would wait in vain"
    return warning(ID, key, message, FIX) if installed else error(ID, key, message, FIX)


def _node_port(key: Subject, found: Answer, *, installed: bool) -> Finding:
    """Say why `auto` is NodePort: aloud before a first install, where somebody could have given an address."""
    if not found.refusal:
        return ok(ID, key, "is auto and becomes NodePort: nothing in this cluster gives addresses, and none is needed")
    message = f"is auto and becomes NodePort: {found.refusal}"
    if installed:
        return ok(ID, key, message)
    return warning(ID, key, message, "leave it so, or free an address: docs/clusters.md")
