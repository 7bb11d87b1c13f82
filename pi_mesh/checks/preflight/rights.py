"""The kubeconfig's user must have the rights to install, and to change and remove what is installed."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, refused_next
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory

ID = "rights"


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    settings = mesh.settings
    who = Subject("context", settings.cluster.context)
    fix = "use a kubeconfig with the cluster-admin role"
    found: list[Finding] = []
    if snapshot.unreadable:
        found.append(error(ID, who, f"may not list {', '.join(snapshot.unreadable)}: nothing is known of them", fix))
    if snapshot.missing_rights:
        found.append(error(ID, who, f"may not create {', '.join(snapshot.missing_rights)}", fix))
    if snapshot.missing_changes:
        found.append(refused_next(ID, who, f"may not {_by_verb(snapshot)}", fix))
    yield from found or [ok(ID, who, "may read, create, change and delete all that an `up` does")]


def _by_verb(snapshot: Snapshot) -> str:
    """Return the missing rights by verb, such as "update secrets, services; delete secrets"."""
    verbs: dict[str, list[str]] = {}
    for verb, _, resource in (entry.partition(" ") for entry in snapshot.missing_changes):
        verbs.setdefault(verb, []).append(resource)
    return "; ".join(f"{verb} {', '.join(resources)}" for verb, resources in verbs.items())
