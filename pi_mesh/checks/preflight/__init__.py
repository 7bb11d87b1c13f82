"""Preflight: what must be so before anything is touched, every problem of a cluster in one report."""

from collections.abc import Callable, Iterable

from pi_mesh.checks import traffic
from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight import (
    autoscaling,
    cert_manager,
    charts,
    crd_owners,
    extra_values,
    fit,
    footprint,
    foreign,
    kernel,
    load_balancer,
    memory,
    namespaces,
    nodes,
    rights,
    stuck_releases,
    versions,
)
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory

CHECKS: tuple[Callable[[Inventory, Snapshot], Iterable[Finding]], ...] = (
    rights.check,
    versions.check,
    charts.check,
    extra_values.check,
    cert_manager.check,
    nodes.check,
    kernel.check,
    memory.check,
    fit.check,
    footprint.check,
    load_balancer.check,
    autoscaling.check,
    foreign.check,
    crd_owners.check,
    stuck_releases.check,
    namespaces.check,
)


def run(mesh: Inventory, snapshot: Snapshot) -> list[Finding]:
    """Return all findings, in the order in which a reader wants them."""
    findings = [finding for check in CHECKS for finding in check(mesh, snapshot)]
    return [*findings, *traffic.run(mesh.settings, snapshot)]
