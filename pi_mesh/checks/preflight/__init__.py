"""Preflight: the checks before anything is changed, with every problem of a cluster in one report."""

from collections.abc import Callable, Iterable

from pi_mesh.checks import cut_callers, traffic
from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight import (
    autoscaling,
    ca_issuer,
    cert_manager,
    charts,
    crd_owners,
    crd_versions,
    extra_values,
    fit,
    footprint,
    foreign,
    gateway_service,
    ingress_certificates,
    ingress_namespace,
    kernel,
    known_releases,
    load_balancer,
    memory,
    namespaces,
    native_sidecars,
    node_loss,
    nodes,
    prometheus_operator,
    revisions,
    rights,
    stuck_releases,
    trading_hours,
    undone_settings,
    upgrade,
    versions,
    watched,
)
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from pi_mesh.inventory import Inventory

CHECKS: tuple[Callable[[Inventory, Snapshot], Iterable[Finding]], ...] = (
    rights.check,
    versions.check,
    upgrade.check,
    charts.check,
    extra_values.check,
    cert_manager.check,
    ca_issuer.check,
    nodes.check,
    kernel.check,
    native_sidecars.check,
    memory.check,
    fit.check,
    node_loss.check,
    footprint.check,
    load_balancer.check,
    gateway_service.check,
    ingress_certificates.check,
    autoscaling.check,
    prometheus_operator.check,
    crd_versions.check,
    stuck_releases.check,
    undone_settings.check,
    watched.check,
)
OF_STATE: tuple[Callable[[Inventory, Snapshot, StackState], Iterable[Finding]], ...] = (
    foreign.check,
    crd_owners.check,
    known_releases.check,
    revisions.check,
    namespaces.check,
    ingress_namespace.check,
    trading_hours.check,
    cut_callers.check,
)
"""Checks that compare the cluster with the stack's state."""


def run(mesh: Inventory, snapshot: Snapshot, state: StackState = NEVER_RUN) -> list[Finding]:
    """Return all findings, in reading order."""
    of_cluster = [finding for check in CHECKS for finding in check(mesh, snapshot)]
    of_state = [finding for check in OF_STATE for finding in check(mesh, snapshot, state)]
    return [*of_cluster, *of_state, *traffic.run(mesh.settings, snapshot)]
