"""What must be so before anything is touched: every problem of a cluster in one report."""

from collections.abc import Callable, Iterable

from checks import traffic
from checks.finding import Finding
from checks.preflight import (
    autoscaling,
    cert_manager,
    charts,
    crds,
    footprint,
    foreign,
    kernel,
    load_balancer,
    memory,
    namespaces,
    nodes,
    releases,
    rights,
    room,
    versions,
)
from cluster.snapshot import Snapshot
from settings import Settings

CHECKS: tuple[Callable[[Settings, Snapshot], Iterable[Finding]], ...] = (
    rights.check,
    versions.check,
    charts.check,
    cert_manager.check,
    nodes.check,
    kernel.check,
    memory.check,
    room.check,
    footprint.check,
    load_balancer.check,
    autoscaling.check,
    foreign.check,
    crds.check,
    releases.check,
    traffic.run,
)


def run(settings: Settings, snapshot: Snapshot, stack: str) -> list[Finding]:
    """All findings, in the order in which a reader wants them."""
    findings = [finding for check in CHECKS for finding in check(settings, snapshot)]
    return [*findings, *namespaces.check(settings, snapshot, stack)]
