"""The kubeconfig's user must have the rights to install, and to change and remove what is installed."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, refused_next
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.snapshot import Snapshot

ID = "rights"


def check(observation: Observation) -> Iterator[Finding]:
    settings = observation.settings
    who = Subject("context", settings.cluster.context)
    fix = "use a kubeconfig with the cluster-admin role"
    findings: list[Finding] = []
    if observation.snapshot.unreadable:
        findings.append(
            error(ID, who, f"may not list {', '.join(observation.snapshot.unreadable)}: nothing is known of them", fix)
        )
    if observation.snapshot.missing_rights:
        findings.append(error(ID, who, f"may not create {', '.join(observation.snapshot.missing_rights)}", fix))
    if observation.snapshot.missing_changes:
        findings.append(refused_next(ID, who, f"may not {_by_verb(observation.snapshot)}", fix))
    yield from findings or [ok(ID, who, "may read, create, change and delete all that an `up` does")]


def _by_verb(snapshot: Snapshot) -> str:
    """Return the missing rights by verb, such as "update secrets, services; delete secrets"."""
    verbs: dict[str, list[str]] = {}
    for verb, _, resource in (entry.partition(" ") for entry in snapshot.missing_changes):
        verbs.setdefault(verb, []).append(resource)
    return "; ".join(f"{verb} {', '.join(resources)}" for verb, resources in verbs.items())
