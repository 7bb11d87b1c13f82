"""Checks of the traffic settings against each other and the cluster, which Istio does not make on apply."""

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.traffic import (
    circuit_breakers,
    conflicts,
    gateway_access,
    listeners,
    orders,
    plain_text_callers,
    routes,
    tokens,
    wildcards,
)
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings

CHECKS = (
    routes.check,
    conflicts.check,
    orders.check_retries,
    orders.check_routes,
    circuit_breakers.check,
    gateway_access.check_gateway,
    gateway_access.check_health_checks,
    listeners.check_ports,
    listeners.check_shared_ports,
    listeners.check_client_addresses,
    wildcards.check,
    plain_text_callers.check_rules,
    tokens.check,
    plain_text_callers.check_scopes,
    plain_text_callers.check_sidecars,
)


def run(settings: Settings, snapshot: Snapshot | None) -> list[Finding]:
    """Return all findings; without a snapshot those that the settings alone allow."""
    return [finding for check in CHECKS for finding in check(settings, snapshot)]
