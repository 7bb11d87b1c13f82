"""Preflight: the checks before anything is changed, with every problem of a cluster in one report."""

from collections.abc import Callable, Iterable

from pi_mesh.checks import traffic
from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight import (
    a_node_less,
    cert_manager,
    charts,
    cut_callers,
    extra_values,
    foreign_istio,
    gateway_service,
    helm_releases,
    ingress_certificates,
    istio_crds,
    istio_revision,
    istio_version_change,
    kernel_addresses,
    kubernetes_version,
    memory_for_the_services,
    metrics_server,
    namespaces,
    nodes_ready,
    overridden_settings,
    prometheus_operator,
    rights,
    room_for_the_mesh,
    trading_hours,
    watched_namespaces,
)
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from pi_mesh.inventory import Inventory

CHECKS: tuple[Callable[[Inventory, Snapshot], Iterable[Finding]], ...] = (
    rights.check,
    kubernetes_version.check,
    istio_version_change.check,
    charts.check,
    extra_values.check,
    cert_manager.check_controller,
    cert_manager.check_issuer,
    nodes_ready.check_nodes,
    kernel_addresses.check,
    nodes_ready.check_kubelets,
    room_for_the_mesh.check_free_memory,
    room_for_the_mesh.check_room,
    a_node_less.check,
    memory_for_the_services.check,
    gateway_service.check_address,
    gateway_service.check_service,
    ingress_certificates.check,
    metrics_server.check,
    prometheus_operator.check,
    istio_crds.check_versions,
    helm_releases.check_stuck,
    overridden_settings.check,
    watched_namespaces.check,
)
OF_STATE: tuple[Callable[[Inventory, Snapshot, StackState], Iterable[Finding]], ...] = (
    foreign_istio.check,
    istio_crds.check_owners,
    helm_releases.check_known,
    istio_revision.check,
    namespaces.check_ownership,
    namespaces.check_ingress,
    trading_hours.check,
    cut_callers.check,
)
"""Checks that compare the cluster with the stack's state."""


def run(mesh: Inventory, snapshot: Snapshot, state: StackState = NEVER_RUN) -> list[Finding]:
    """Return all findings, in reading order."""
    of_cluster = [finding for check in CHECKS for finding in check(mesh, snapshot)]
    of_state = [finding for check in OF_STATE for finding in check(mesh, snapshot, state)]
    return [*of_cluster, *of_state, *traffic.run(mesh.settings, snapshot)]
