"""The kubeconfig's user must have the rights to install."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory

ID = "rights"


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    settings = mesh.settings
    who = Subject("context", settings.cluster.context)
    fix = "use a kubeconfig with the cluster-admin role"
    if snapshot.unreadable:
        yield error(ID, who, f"may not list {', '.join(snapshot.unreadable)}: nothing is known of them", fix)
    if snapshot.missing_rights:
        yield error(ID, who, f"may not create {', '.join(snapshot.missing_rights)}", fix)
    if not snapshot.unreadable and not snapshot.missing_rights:
        yield ok(ID, who, "may read and create all that an install needs")
