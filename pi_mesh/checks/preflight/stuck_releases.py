"""Releases that a killed run left in the middle of something."""

from collections.abc import Iterator

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok, warning
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory

ID = "helm releases"


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    mine = [entry for entry in snapshot.releases if mesh.owns(entry.id)]
    for entry in mine:
        subject = Subject("release", f"{entry.namespace}/{entry.name}")
        if entry.pending:
            message = f"is {entry.status}: another run is at it, or one was killed"
            yield error(ID, subject, message, "when no other run is going on: `python -m operations repair -s STACK`")
        elif entry.status != "deployed":
            yield warning(ID, subject, f"is {entry.status}", "this `pulumi up` tries it again")
    if not any(entry.pending for entry in mine):
        yield ok(ID, CLUSTER, f"none of the {len(mine)} releases is stuck", number=len(mine))
