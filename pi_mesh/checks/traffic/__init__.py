"""Checks of the traffic settings against each other and the cluster, which Istio does not make on apply."""

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.traffic import (
    access,
    breakers,
    client_addresses,
    conflicts,
    identities,
    listeners,
    orders,
    retries,
    routes,
    scopes,
    shared_ports,
    sidecars,
    tokens,
    wildcards,
)
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings

CHECKS = (
    routes.check,
    conflicts.check,
    retries.check,
    orders.check,
    breakers.check,
    access.gateway,
    access.health,
    listeners.check,
    shared_ports.check,
    client_addresses.check,
    wildcards.check,
    identities.check,
    tokens.check,
    scopes.check,
    sidecars.check,
)


def run(settings: Settings, snapshot: Snapshot | None) -> list[Finding]:
    """Return all findings; without a snapshot those that the settings alone allow."""
    return [finding for check in CHECKS for finding in check(settings, snapshot)]
