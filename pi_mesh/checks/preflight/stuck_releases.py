"""Releases must not be stuck in an operation that a killed run began."""

from collections.abc import Iterator
from datetime import UTC, datetime

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok, warning
from pi_mesh.cluster.release_records import ReleaseRecord
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory

ID = "helm releases"
REPAIR = "when no other run is going on: `python -m operations repair -s STACK`"


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    mine = [entry for entry in snapshot.releases if mesh.owns(entry.id)]
    for entry in mine:
        if entry.pending:
            yield _pending(entry, mesh.settings.release.timeout)
        elif entry.status != "deployed":
            yield warning(ID, Subject("release", entry.id), f"is {entry.status}", "this `pulumi up` tries again")
    if not any(entry.pending for entry in mine):
        yield ok(ID, CLUSTER, "no release of this stack is stuck", number=len(mine))


def _pending(release: ReleaseRecord, timeout: int) -> Finding:
    message, fix = f"is {release.status}: another run is changing it, or a run was killed", REPAIR
    if seconds := release.under_way(timeout, datetime.now(UTC)):
        fix = f"wait: Helm may still be running for {seconds} s (release.timeout); {REPAIR}"
    return error(ID, Subject("release", release.id), message, fix)
