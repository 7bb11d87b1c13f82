"""The releases of Istio in the cluster, under any name, and the obstacles to their adoption."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import yaml

from operations.repair import observed_state
from operations.repair.observed_state import ObservedState
from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, setting, unknown
from pi_mesh.checks.verify.diff import change_in_words
from pi_mesh.cluster import helm_releases
from pi_mesh.cluster.client import Client, Discovery, Refused
from pi_mesh.cluster.helm_releases import SECRET, AppliedRelease, ReleaseRecord, merged
from pi_mesh.cluster.objects import manager_of, release_of
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Kind, Release
from pi_mesh.names import object_id, object_key
from pi_mesh.settings import Settings
from pi_mesh.tree_diff import unequal, value_at
from pi_mesh.words import counted

TAKE_OWNERSHIP = "https://helm.sh/docs/helm/helm_upgrade/"
HELM = (
    "have Helm (3.17 or newer) take its objects over, `helm upgrade --install NAME CHART --take-ownership` with its "
    f"values and its version ({TAKE_OWNERSHIP}), then adopt again"
)
ARGO_CD = (
    "take it out of that application without deleting it "
    "(`argocd app delete NAME --cascade=false`, or `syncPolicy` without `prune`); then "
)
ONE_ISTIOD = (
    "move the workloads of one of them to the other (https://istio.io/latest/docs/setup/upgrade/canary/), "
    "`helm uninstall` that one's release, then adopt again"
)
REVISION = (
    "move its workloads to the default revision (https://istio.io/latest/docs/setup/upgrade/canary/), then adopt again"
)


ID = "not adopted"
GONE = "uninstalled"
CHARTS = {"base": "base", "istiod": "istiod", "ingress": "gateway", "egress": "gateway"}
"""Chart of the release of each key of releases.names."""


@dataclass(frozen=True)
class Living:
    """A release that Helm knows, with what its last revision applied."""

    record: ReleaseRecord
    applied: AppliedRelease


def read_releases(client: Client, snapshot: Snapshot) -> tuple[Living, ...]:
    """Return every release of the cluster."""
    records = [record for record in snapshot.releases if record.status != GONE]
    with ThreadPoolExecutor(max_workers=5) as pool:
        applied = pool.map(lambda record: (record, helm_releases.read(client, record)), records)
    return tuple(Living(record, release) for record, release in applied if release)


def _candidates(settings: Settings, living: Sequence[Living]) -> dict[str, list[str]]:
    """Return the releases in the mesh's namespace that each key of releases.names may mean: at best one of that name.

    Of gateways under other names, those whose name contains "egress" are egress gateways.
    """
    namespace, expected = settings.istio.namespace, settings.releases.names.model_dump()
    charts = {each.record.name: each.applied.chart for each in living if each.record.namespace == namespace}
    known = {name for key, name in expected.items() if charts.get(name) == CHARTS[key]}
    candidates = {}
    for key, chart in CHARTS.items():
        others = [name for name in charts if charts[name] == chart and name not in known]
        fitting = [name for name in others if chart != "gateway" or ("egress" in name) is (key == "egress")]
        candidates[key] = [expected[key]] if expected[key] in known else fitting
    return candidates


def release_names(settings: Settings, living: Sequence[Living]) -> dict[str, str]:
    """Return the name of each release of Istio in the mesh's namespace, by its key in releases.names."""
    return {key: names[0] for key, names in _candidates(settings, living).items() if len(names) == 1}


def given_labels(settings: Settings, living: Sequence[Living]) -> dict[str, dict[str, str]]:
    """Return the labels that the chart's values give each gateway, by its key in releases.names."""
    values = {release.record.id: release.applied.values for release in living}
    names = {key: name for key, name in release_names(settings, living).items() if CHARTS[key] == "gateway"}
    given: dict[str, Any] = {key: values[f"{settings.istio.namespace}/{name}"] for key, name in names.items()}
    return {key: {label: str(value) for label, value in (of.get("labels") or {}).items()} for key, of in given.items()}


REPAIR = "`python -m operations repair -s STACK`"
SECRETS = "releases"
"""Key under which the snapshot has the Secrets of Helm's releases."""
OTHERS = ("Argo CD", "Flux", "Helm release")
"""Managers that put an object back when another changes it."""


def stack_obstacles(now: ObservedState) -> Iterator[Finding]:
    """Yield the obstacles outside of the mesh: locks, rights, an unfinished run, Vault."""
    yield from lock_obstacles(now)
    stack = Subject("stack", now.stack)
    if operations := observed_state.pending_operations(now.state):
        yield error(ID, stack, f"has pending operations: {', '.join(operations)}", REPAIR)
    if SECRETS in now.snapshot.unreadable:
        message = "may not list Secrets, in which Helm keeps its releases: the releases are unknown"
        yield error(ID, Subject("context", now.context), message, "use a kubeconfig with the cluster-admin role")
    if now.mesh_settings.vault.enabled:
        fix = "adopt with vault.enabled: false, which keeps the CA that the mesh has; switch it on afterwards"
        yield error(ID, Subject("setting", "vault.enabled"), "is true, and would change the CA while adopting", fix)


def lock_obstacles(now: ObservedState) -> Iterator[Finding]:
    """Yield the holder of the stack's lock; a lock that an interrupted adoption left, with nothing running, is none."""
    stack = Subject("stack", now.stack)
    for lock in now.locks:
        if lock.here and lock.alive:
            yield error(ID, stack, f"is locked by a run that is going on ({lock})", "wait until it ends")
        elif lock.here and (now.orphans or observed_state.pending_operations(now.state)):
            yield error(ID, stack, f"is locked by a run that was killed ({lock}) and left work", REPAIR)
        elif not lock.here:
            yield error(ID, stack, f"is locked from another machine ({lock})", "if that run is over, `pulumi cancel`")


def mesh_obstacles(now: ObservedState, client: Client, living: Sequence[Living]) -> Iterator[Finding]:
    """Yield the obstacles in the existing mesh: the control plane, and releases of which the owner must choose one."""
    home, deployments = now.mesh_settings.istio.namespace, now.snapshot.deployments
    istiods = [entry for entry in deployments if entry.labels.get("app") == "istiod" or entry.name == "istiod"]
    for entry in istiods[:1]:
        subject = Subject("deployment", entry.id)
        revisions = [known.applied.values.get("revision") for known in living if known.record.id == entry.release]
        if len(istiods) > 1:
            listed = ", ".join(entry.id for entry in istiods)
            message = f"{listed} are {len(istiods)} control planes, and a stack manages only one"
            yield error(ID, subject, message, ONE_ISTIOD)
        elif entry.namespace != home:
            fix = f"`pulumi config set --path istio.namespace {entry.namespace}`, then adopt again"
            yield error(ID, subject, f"is in another namespace than istio.namespace {home}", fix)
        elif any(revisions):
            message = f"is of revision {revisions[0]}, and this program has the default one alone"
            yield error(ID, subject, message, REVISION)
        elif not entry.release:
            path = f"/apis/apps/v1/namespaces/{entry.namespace}/deployments/{entry.name}"
            manager = manager_of((client.get(path) or {}).get("metadata", {})) or "an unknown manager"
            fix = f"{ARGO_CD}{HELM}" if manager.startswith("Argo CD") else HELM
            yield error(ID, subject, f"belongs to no Helm release; {manager} manages it", fix)
    for key, names in _candidates(now.mesh_settings, living).items():
        if len(names) > 1 and key in ("base", "ingress"):
            expected = getattr(now.mesh_settings.releases.names, key)
            message = f"{', '.join(names)} are all of the chart {CHARTS[key]}, and none is called {expected}"
            fix = f"say which: `pulumi config set --path releases.names.{key} NAME`; the others stay as they are"
            yield error(ID, setting(f"releases.names.{key}"), message, fix)
    if not istiods and not any(release.applied.chart == "istiod" for release in living):
        message = "has no istiod that Helm installed: there is nothing to adopt"
        yield error(ID, CLUSTER, message, f"install the mesh: `pulumi up -s {now.stack}`")


def release_obstacles(release: Living, timeout: int) -> Iterator[Finding]:
    """Yield the reasons why a release cannot be adopted now."""
    subject, at = Subject("release", release.record.id), release.record
    undo = f"`helm rollback {at.name} -n {at.namespace}`"
    if at.pending:
        message = f"is {at.status}: a Helm command is still running, or was killed"
        undo = undo if at.revision > 1 else f"{REPAIR}, then `pulumi up`, which installs over what is there"
        fix = f"wait until Helm has finished (at most {timeout} s); if no Helm command is running: {undo}"
        yield error(ID, subject, message, fix)
    elif at.status != "deployed":
        undo = f"`helm history {at.name} -n {at.namespace}` shows the last deployed REVISION: `helm rollback {at.name} "
        undo += f"REVISION -n {at.namespace} --wait`, twice where Helm finds an object missing; then adopt again"
        yield error(ID, subject, f"is {at.status}, revision {at.revision}", undo)


def object_obstacles(manifest: Mapping, live: Mapping) -> Iterator[Finding]:
    """Yield the reason why an object cannot be adopted: another controller restores it."""
    meta, kind = live["metadata"], manifest["kind"]
    subject = Subject(kind.lower(), object_id(meta))
    if kind == "Secret":
        fix = "import the state that made it (`pulumi stack import`)"
        yield error(ID, subject, "is a Secret, which would stand in the state as it is", fix)
    manager = manager_of(meta)
    if kind != "Namespace" and manager.startswith(OTHERS):
        fix = f"let only one manage it: remove it from the {manager}, or from the stack file"
        yield error(ID, subject, f"is managed by {manager}, and two managers would undo each other's changes", fix)


SECRET_TEXT, INVALID = f"{SECRET} ", " is invalid: "
NAMED_BY_CLIENTS = ("Deployment", "DaemonSet", "Service")
DRY = {"dryRun": "All", "fieldManager": "helm"}
RECREATE = "or recreate the object by hand, which interrupts it; then adopt again"
LEAVE = "`pulumi config set --path {0}.enabled false` leaves this gateway as it is, outside of the stack"


def refusals(client: Client, release: Release, living: Living, rendered: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a row for each object of a release that `up` cannot bring to its rendered state, by a dry run.

    It sends each object as Helm's upgrade would leave it. A Secret, whose rendered text has no values, is not sent.
    """
    discovery, untried = Discovery(client), []
    before = {object_key(item): item for item in living.applied.objects}
    for key in sorted(before.keys() - rendered.keys()) if release.kind is Kind.GATEWAY else ():
        if key.partition(" ")[0] in NAMED_BY_CLIENTS:
            message = "would be deleted by `up`: the settings describe a gateway of another kind or name"
            yield error(ID, subject_of(key), message, LEAVE.format(release.setting))
    for key, text in rendered.items():
        manifest = yaml.load(text, yaml.CSafeLoader)
        path = None if key.startswith(SECRET_TEXT) else discovery.path(manifest, release.namespace)
        if not path:
            continue
        live, body = {}, manifest
        try:
            live = client.get(path) or {}
            if live and key not in before and release_of(live["metadata"]) != release.id:
                message = f"exists, and is not of release {release.id}: Helm would refuse to change it"
                yield error(ID, subject_of(key), message, "rename or delete it, then adopt again")
            elif live:
                body = merged(before.get(key, {}), manifest, live)
                client.ask(path, body, "PUT", **DRY)
            else:
                client.ask(path.rpartition("/")[0], body, **DRY)
        except Refused as problem:
            if any(part in problem.reason for part in (INVALID, "denied the request")):
                yield _refusal(key, release, live, body, problem.reason)
            else:  # a right is missing, a webhook knows no dry run, or somebody else has just changed the object
                untried.append(problem.reason)
    if untried:
        count = counted(len(untried), "object")
        message = f"{count} could not be tried in a dry run, so `up` may still be refused: {untried[0]}"
        yield unknown("dry run", Subject("release", living.record.id), message)


def _refusal(key: str, release: Release, live: Mapping, body: Mapping, reason: str) -> Finding:
    cause = reason.partition(INVALID)[2]
    path, why = cause.partition(": ")[0], cause or reason
    was, new = (value_at(side, path) for side in (live, body))
    if path and isinstance(was, Mapping) and isinstance(new, Mapping):
        changes = (f"{place} {change_in_words(old, value)}" for place, old, value in unequal(was, new, path))
        why = f"{path}: {cause.rpartition(': ')[2]} ({'; '.join(changes)})"
    message = f"is refused by the API server as `up` would change it: {why}"
    keys = ("labels", "values") if release.kind is Kind.GATEWAY else ("values",)
    where = " or ".join(f"{release.setting}.{key}" for key in keys)
    return error(ID, subject_of(key), message, f"keep what is there by {where} in the stack file, {RECREATE}")


def subject_of(key: str) -> Subject:
    kind, _, name = key.partition(" ")
    return Subject(kind.lower(), name)
