"""The obstacles to an adoption: errors with what to do, found before anything is written."""

from collections.abc import Iterator, Mapping, Sequence

from operations.adopt import advice, release_search
from operations.adopt.release_search import ID, Living
from operations.repair import state
from operations.repair.observed_state import Situation
from pi_mesh.checks.finding import Finding, Subject, error
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.field_managers import manager_of

REPAIR = "`python -m operations repair -s STACK`"
SECRETS = "releases"
"""Key under which the snapshot has the Secrets of Helm's releases."""
OTHERS = ("Argo CD", "Flux", "Helm release")
"""Managers that put an object back when another changes it."""


def of_stack(now: Situation) -> Iterator[Finding]:
    """Yield the obstacles outside of the mesh: locks, rights, an unfinished run, Vault."""
    yield from locks(now)
    stack = Subject("stack", now.stack)
    if operations := state.pending(now.state):
        yield error(ID, stack, f"has pending operations: {', '.join(operations)}", REPAIR)
    if SECRETS in now.snapshot.unreadable:
        message = "may not list Secrets, in which Helm keeps its releases: the releases are unknown"
        fix = "use a kubeconfig with the cluster-admin role"
        yield error(ID, Subject("context", now.context), message, fix)
    if now.mesh_settings.vault.enabled:
        fix = "adopt with vault.enabled: false, which keeps the CA that the mesh has; switch it on afterwards"
        yield error(ID, Subject("setting", "vault.enabled"), "is true, and would change the CA while adopting", fix)


def locks(now: Situation) -> Iterator[Finding]:
    """Yield the holder of the stack's lock; a lock that an interrupted adoption left, with nothing running, is none."""
    stack = Subject("stack", now.stack)
    for lock in now.locks:
        if lock.here and lock.alive:
            yield error(ID, stack, f"is locked by a run that is going on ({lock})", "wait until it ends")
        elif lock.here and (now.orphans or state.pending(now.state)):
            yield error(ID, stack, f"is locked by a run that was killed ({lock}) and left work", REPAIR)
        elif not lock.here:
            yield error(ID, stack, f"is locked from another machine ({lock})", "if that run is over, `pulumi cancel`")


def of_mesh(now: Situation, client: Client, living: Sequence[Living]) -> Iterator[Finding]:
    """Yield the obstacles in the existing mesh."""
    settings, snapshot = now.mesh_settings, now.snapshot
    yield from release_search.control_planes(settings, snapshot, living)
    yield from release_search.ambiguities(settings, living)
    for entry in snapshot.deployments:
        if entry.labels.get("app") == "istiod" and not entry.release:
            path = f"/apis/apps/v1/namespaces/{entry.namespace}/deployments/{entry.name}"
            manager = manager_of((client.get(path) or {}).get("metadata", {})) or "an unknown manager"
            subject = Subject("deployment", f"{entry.namespace}/{entry.name}")
            yield error(ID, subject, f"belongs to no Helm release; {manager} manages it", advice.of_manager(manager))
    if not any(one.applied.chart == "istiod" for one in living) and not _has_istiod(now):
        message = "has no istiod that Helm installed: there is nothing to adopt"
        yield error(ID, Subject("cluster"), message, f"install the mesh: `pulumi up -s {now.stack}`")


def _has_istiod(now: Situation) -> bool:
    """Return True where a control plane runs, whoever owns it."""
    return any(entry.labels.get("app") == "istiod" for entry in now.snapshot.deployments)


def of_release(one: Living, timeout: int) -> Iterator[Finding]:
    """Yield the reasons why a release cannot be adopted now."""
    subject, at = Subject("release", one.record.id), one.record
    undo = f"`helm rollback {at.name} -n {at.namespace}`"
    if at.pending:
        message = f"is {at.status}: a Helm command is still running, or was killed"
        undo = undo if at.revision > 1 else f"{REPAIR}, then `pulumi up`, which installs over what is there"
        yield error(
            ID,
            subject,
            message,
            f"wait until Helm has finished (at most {timeout} s); if no Helm command is running: {undo}",
        )
    elif at.status != "deployed":
        yield error(ID, subject, f"is {at.status}, revision {at.revision}", f"{undo}, then adopt again")


def of_object(wanted: Mapping, live: Mapping) -> Iterator[Finding]:
    """Yield the reason why an object cannot be adopted: another controller restores it."""
    meta, kind = live["metadata"], wanted["kind"]
    name = "/".join(filter(None, (meta.get("namespace"), meta["name"])))
    subject = Subject(kind.lower(), name)
    if kind == "Secret":
        yield error(
            ID,
            subject,
            "is a Secret, which would stand in the state as it is",
            "import the state that made it (`pulumi stack import`)",
        )
    manager = manager_of(meta)
    if kind != "Namespace" and manager.startswith(OTHERS):
        fix = f"let only one manage it: remove it from the {manager}, or from the stack file"
        yield error(ID, subject, f"is managed by {manager}, and two managers would undo each other's changes", fix)
