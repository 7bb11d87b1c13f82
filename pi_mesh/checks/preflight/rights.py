"""The kubeconfig's user must have the rights to install, and to change and remove what is installed."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, refused_next
from pi_mesh.checks.observation import Observation

ID = "rights"


def check(observation: Observation) -> Iterator[Finding]:
    snapshot, who = observation.snapshot, Subject("context", observation.settings.cluster.context)
    fix = "use a kubeconfig with the cluster-admin role"
    if kinds := ", ".join(snapshot.unreadable):
        yield error(ID, who, f"may not list {kinds}: nothing is known of them", fix)
    if kinds := ", ".join(snapshot.missing_rights):
        yield error(ID, who, f"may not create {kinds}", fix)
    if snapshot.missing_changes:
        verbs: dict[str, list[str]] = {}
        for verb, _, resource in (entry.partition(" ") for entry in snapshot.missing_changes):
            verbs.setdefault(verb, []).append(resource)
        kinds = "; ".join(f"{verb} {', '.join(resources)}" for verb, resources in verbs.items())
        yield refused_next(ID, who, f"may not {kinds}", fix)
    if not (snapshot.unreadable or snapshot.missing_rights or snapshot.missing_changes):
        yield ok(ID, who, "may read, create, change and delete all that an `up` does")
