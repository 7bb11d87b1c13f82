"""The plan of an adoption, with a row for each resource that is adopted, written or changed."""

from collections.abc import Iterator

from operations.adopt import object_rows, restarts
from operations.adopt.existing_mesh import ExistingMesh, Taken
from operations.adopt.restarts import Effects
from operations.preview.changes import counts, diff, is_version_only
from pi_mesh.checks.finding import Finding, Subject, ok, setting, unknown, warning
from pi_mesh.checks.verify.unapplied import unequal
from pi_mesh.inventory import Kind

RELEASES, VALUES, RENDERED, RESTARTS = "releases", "values", "rendered objects", "restarts"
BESIDE, ADDED, FILE = "not taken over", "added", "stack file"
ISTIO = (Kind.BASE, Kind.ISTIOD, Kind.GATEWAY)


def plan(there: ExistingMesh) -> list[Finding]:
    """Return the rows, the most important first."""
    effects = restarts.of(there)
    return [
        *(_release(one) for one in there.releases),
        *(row for one in there.objects for row in object_rows.of(one)),
        *_beside(there),
        *_file(there),
        *(row for one in there.releases for row in _values(one)),
        *_rendered(effects),
        *_restarts(there, effects),
        *_added(there),
    ]


def _release(one: Taken) -> Finding:
    release, record, applied = one.release, one.living.record, one.living.applied
    subject = Subject("release", record.id)
    what = f"{applied.chart} {applied.chart_version}, revision {record.revision}, is adopted as {one.release.kind}"
    if applied.chart_version == release.version:
        return ok(RELEASES, subject, what)
    key = "istio.version" if release.kind in ISTIO else release.setting
    message = f"{what}; the stack file asks for {release.version}"
    fix = f"`up` would change the version at once: better set {key} to {applied.chart_version} first, and upgrade later"
    return warning(RELEASES, subject, message, fix)


def _beside(there: ExistingMesh) -> Iterator[Finding]:
    """Yield Istio's other objects in the mesh's namespace: they stay unchanged and are not adopted."""
    mine = {one.living.record.id for one in there.releases} | {one.id for one in there.mesh.releases}
    for one in there.living:
        if one.applied.chart == "gateway" and one.record.id not in mine:
            fix = "the settings describe an ingress and an egress gateway in istio.namespace alone; it stays as it is"
            yield warning(BESIDE, Subject("release", one.record.id), "is a gateway that no setting describes", fix)


def _file(there: ExistingMesh) -> Iterator[Finding]:
    for one in there.proposals:
        value = str(one.value).lower() if isinstance(one.value, bool) else one.value
        message = f"is set to {value}: {one.why}"
        row = (
            warning(FILE, setting(one.path), message, "")
            if one.value is False
            else ok(FILE, setting(one.path), message)
        )
        yield row


def _values(one: Taken) -> Iterator[Finding]:
    for path, wanted, live in unequal(one.release.values, one.living.applied.values):
        # The values of an addon may hold a password.
        change = object_rows.becomes(live, wanted) if one.release.kind in ISTIO else "changes"
        yield ok(VALUES, Subject("release", one.living.record.id), f"{path} {change}")


def _rendered(effects: Effects) -> Iterator[Finding]:
    if effects.problem:
        fix = "see that helm is on PATH and charts.source can be reached; `up` needs the charts too"
        yield unknown(RENDERED, Subject("release"), f"were not compared: {effects.problem}", fix)
    for change in effects.changed:
        kind, _, name = change.key.partition(" ")
        text = diff(change.before, change.after)
        only = ", only labels that tell the version" if text and is_version_only(text) else ""
        yield ok(RENDERED, Subject(kind.lower(), name), f"{change.verb} ({counts(text)} lines{only})")


def _restarts(there: ExistingMesh, effects: Effects) -> Iterator[Finding]:
    for deployment, why in (effects.restarts or {}).items():
        pods = restarts.pods(there, deployment)
        shown = ", ".join(name.partition("/")[2] for name in pods) or "none"
        message = f"is restarted by the first `up`: {why}; pods: {shown}"
        yield warning(RESTARTS, Subject("deployment", deployment), message, "", number=len(pods))
    yield from _fewer(there)
    if effects.restarts == {}:
        yield ok(RESTARTS, Subject("pod"), "keep running: no pod template changes", number=0)
    if effects.on_proxies.has_new_sidecars:
        message = "keep running with the settings that they have; a workload gets the new ones when you restart it"
        yield ok(RESTARTS, Subject("sidecar"), message)


def _fewer(there: ExistingMesh) -> Iterator[Finding]:
    """Yield the Deployments that have more pods than the settings give, as an autoscaler of the charts does."""
    running = {f"{entry.namespace}/{entry.name}": entry.wanted for entry in there.now.snapshot.deployments}
    for workload in (workload for one in there.releases for workload in one.release.workloads):
        name = f"{workload.namespace}/{workload.name}"
        if running.get(name, 0) > workload.pods:
            message = f"goes from {running[name]} to {workload.pods} by the first `up`"
            fix = (
                f"set {workload.setting}.{'pilotReplicas' if workload.setting == 'istio' else 'replicas'} to keep them"
            )
            yield warning(RESTARTS, Subject("deployment", name), message, fix, number=running[name] - workload.pods)


def _added(there: ExistingMesh) -> Iterator[Finding]:
    """Yield the resources that `up` creates."""
    there_already = {(one.wanted["kind"], *_place(one.wanted["metadata"])) for one in there.objects}
    for item in there.mesh.objects:
        space, name = _place(item.manifest["metadata"])
        if (item.kind, space, name) in there_already or _known(there, item.kind, space, name):
            continue
        subject = Subject(item.kind.lower(), "/".join(filter(None, (space, name))))
        message = "is added by the first `up`; every pod that runs can live with it"
        yield ok(ADDED, subject, message if item.kind in object_rows.BOUNDS else "is added by the first `up`")
    taken = {one.release.id for one in there.releases}
    for release in there.mesh.releases:
        if release.id not in taken and not there.now.snapshot.release(release.namespace, release.name):
            off = f"; `pulumi config set --path {release.setting}.enabled false` leaves it out"
            message = f"is installed by the first `up`{off if release.kind is Kind.GATEWAY else ''}"
            yield ok(ADDED, Subject("release", release.id), message)


def _place(meta: object) -> tuple[str, str]:
    assert isinstance(meta, dict)
    return meta.get("namespace", ""), meta["name"]


def _known(there: ExistingMesh, kind: str, space: str, name: str) -> bool:
    resources = (there.now.state["deployment"] or {}).get("resources") or []
    object_id = "/".join(filter(None, (space, name)))
    return any(entry["type"].endswith(f":{kind}") and entry.get("id") == object_id for entry in resources)
