"""What Istio can't judge when an object is applied: how the traffic settings fit together, and to the cluster."""

from checks import traffic_access, traffic_breakers, traffic_conflicts, traffic_routes, traffic_sidecars
from checks.finding import Finding
from cluster.snapshot import Snapshot
from settings import Settings

CHECKS = (
    traffic_routes.check,
    traffic_conflicts.check,
    traffic_breakers.check,
    traffic_access.gateway,
    traffic_access.health,
    traffic_sidecars.check,
)


def run(settings: Settings, snapshot: Snapshot | None) -> list[Finding]:
    """All findings; without a cluster those that the settings alone allow."""
    return [finding for check in CHECKS for finding in check(settings, snapshot)]
