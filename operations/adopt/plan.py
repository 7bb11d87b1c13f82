"""The plan of an adoption, with a row for each resource that is adopted, written, changed or restarted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from operations.adopt import entries, obstacles
from operations.adopt.entries import live_inputs
from operations.adopt.existing_mesh import ExistingMesh, ExistingObject, ExistingRelease
from operations.adopt.obstacles import subject_of
from operations.pull_request import manifests
from operations.pull_request.engine import Resource
from operations.pull_request.manifests import Change, Consequences, NotRenderedError, Objects
from operations.repair.observed_state import resources
from pi_mesh.checks.finding import Finding, Subject, ok, setting, unknown, warning
from pi_mesh.checks.verify.diff import change_in_words, differences
from pi_mesh.checks.verify.remedies import workload_of
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.helm_releases import CRD
from pi_mesh.inventory import Kind
from pi_mesh.names import object_id
from pi_mesh.tree_diff import ABSENT, unequal

OBJECTS = "objects"
BOUNDS = ("Sidecar", "ResourceQuota", "LimitRange")
FELT = ("PeerAuthentication", "AuthorizationPolicy", *BOUNDS)
"""Kinds of object whose change affects running pods."""


def rows_of_object(existing: ExistingObject) -> Iterator[Finding]:
    """Yield the rows of an adopted object: its changes by `up`, and the field managers that would refuse them."""
    subject = Subject(existing.kind.lower(), existing.id)
    changed = [*unequal(_content(existing.manifest), _content(live_inputs(existing)))]
    if not changed:
        yield ok(OBJECTS, subject, "is adopted unchanged")
        return
    lines = "; ".join(f"{path} {change_in_words(live, target)}" for path, target, live in changed)
    message = f"is adopted, and `up` changes it: {lines}"
    yield warning(OBJECTS, subject, message, "") if existing.kind in FELT else ok(OBJECTS, subject, message)
    for path, manager in entries.field_holders(existing, changed_paths(existing)):
        yield ok(OBJECTS, subject, f"{path} is managed by {manager}; --yes makes the stack its manager")


def changed_paths(existing: ExistingObject) -> list[str]:
    """Return the paths of existing fields that change."""
    changed = unequal(_content(existing.manifest), _content(live_inputs(existing)))
    return [path for path, _, live in changed if live is not ABSENT]


def _content(manifest: object) -> dict:
    assert isinstance(manifest, dict)
    return {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}


TEMPLATE = "spec.template"
UNCHANGED = Consequences()


@dataclass(frozen=True)
class Effects:
    """The effects of the next `up`."""

    changed: tuple[Change, ...] = ()
    """Changed objects of the existing releases, as KIND NAMESPACE/NAME."""
    restarts: Mapping[str, str] | None = None
    """Reason for the restart of each Deployment's pods, by NAMESPACE/NAME; None where nothing could be rendered."""
    on_proxies: Consequences = UNCHANGED
    problem: str = ""
    """Reason why nothing could be rendered."""
    rendered: Mapping[str, Objects] = field(default_factory=dict)
    """Objects of each release, by its NAMESPACE/NAME, without CRDs."""


def effects_of_up(there: ExistingMesh) -> Effects:
    """Compare the objects that Helm installed with those that the stack's charts and values give."""
    before, rendered = {}, {}
    for existing in there.releases:
        before.update(manifests.named_texts(existing.living.applied.objects))
        release = existing.release
        own = {"name": release.name, "namespace": release.namespace, "values": release.values}
        resource = Resource(manifests.RELEASE, release.name, {**existing.registered["inputs"], **own})
        try:
            objects = manifests.rendered_objects([resource], Path.cwd())
        except NotRenderedError as problem:
            return Effects(problem=str(problem))
        rendered[release.id] = {key: text for key, text in objects.items() if not key.startswith(f"{CRD} ")}
    after = {key: text for objects in rendered.values() for key, text in objects.items()}
    changed = tuple(manifests.changes_between(before, after))
    # The program's own objects restart nothing, and drain connections.
    before.update(manifests.named_texts({**live_inputs(each), "kind": each.kind} for each in there.objects))
    own = dict(manifests.named_texts(entry.manifest for entry in there.mesh.objects if entry.kind != "Namespace"))
    on_pods = manifests.consequences_for_pods(before, {**after, **own})
    restarts = {key.partition(" ")[2]: "its pod template changes" for key in on_pods.restarts}
    by_hand = {name: why for name, why in _by_hand(there).items() if name not in restarts}
    return Effects(changed, restarts | by_hand, on_pods, rendered=rendered)


def _by_hand(there: ExistingMesh) -> dict[str, str]:
    """Return the Deployments whose pod template was edited by hand: Helm restores what its manifest says."""
    edited_by_hand = {}
    for existing in there.releases:
        for entry in existing.living.applied.objects:
            name = f"{entry['metadata'].get('namespace', existing.release.namespace)}/{entry['metadata']['name']}"
            if entry["kind"] != "Deployment" or name not in there.live:
                continue
            paths = [each.place.path for each in differences(entry, there.live[name]) if not each.added]
            if edited := next((path for path in paths if path.startswith(TEMPLATE)), ""):
                edited_by_hand[name] = f"{edited.removeprefix(f'{TEMPLATE}.')} was changed by hand and is put back"
    return edited_by_hand


RELEASES, VALUES, RENDERED, RESTARTS = "releases", "values", "rendered objects", "restarts"
CLOSED = "open connections"
BESIDE, ADDED, FILE = "not taken over", "added", "stack file"
ISTIO = (Kind.BASE, Kind.ISTIOD, Kind.GATEWAY)


def adoption_plan(there: ExistingMesh) -> list[Finding]:
    """Return the rows, the most important first."""
    effects = effects_of_up(there)
    refused: list[Finding] = []
    if effects.rendered:
        with Client(there.now.context) as client:
            for each in there.releases:
                refused += obstacles.refusals(client, each.release, each.living, effects.rendered[each.release.id])
    drained = effects.on_proxies.drains
    return [
        *refused,
        *(_release(existing) for existing in there.releases),
        *(row for item in there.objects for row in rows_of_object(item)),
        *_beside(there),
        *_settings_and_values(there),
        *_rendered(effects),
        *_restarts(there, effects),
        *(warning(CLOSED, Subject("stack"), f"`up` closes, when they have drained, {each}", "") for each in drained),
        *_added(there),
    ]


def _release(existing: ExistingRelease) -> Finding:
    release, record, applied = existing.release, existing.living.record, existing.living.applied
    subject = Subject("release", record.id)
    what = f"{applied.chart} {applied.chart_version}, revision {record.revision}, is adopted as {existing.release.kind}"
    if applied.chart_version == release.version:
        return ok(RELEASES, subject, what)
    key = "istio.version" if release.kind in ISTIO else release.setting
    message = f"{what}; the stack file asks for {release.version}"
    fix = f"`up` would change the version at once: better set {key} to {applied.chart_version} first, and upgrade later"
    return warning(RELEASES, subject, message, fix)


def _beside(there: ExistingMesh) -> Iterator[Finding]:
    """Yield Istio's other objects in the mesh's namespace: they stay unchanged and are not adopted."""
    mine = {release.living.record.id for release in there.releases} | {release.id for release in there.mesh.releases}
    for release in there.living:
        if release.applied.chart == "gateway" and release.record.id not in mine:
            fix = "the settings describe an ingress and an egress gateway in istio.namespace alone; it stays as it is"
            yield warning(BESIDE, Subject("release", release.record.id), "is a gateway that no setting describes", fix)


def _settings_and_values(there: ExistingMesh) -> Iterator[Finding]:
    for proposal in there.proposals:
        key, message = setting(proposal.path), f"is set to {proposal.text}: {proposal.why}"
        yield warning(FILE, key, message, "") if proposal.value is False else ok(FILE, key, message)
    for existing in there.releases:
        for path, target, live in unequal(existing.release.values, existing.living.applied.values):
            # The values of an addon may hold a password.
            change = change_in_words(live, target) if existing.release.kind in ISTIO else "changes"
            yield ok(VALUES, Subject("release", existing.living.record.id), f"{path} {change}")


def _rendered(effects: Effects) -> Iterator[Finding]:
    if effects.problem:
        fix = "see that helm is on PATH and charts.source can be reached; `up` needs the charts too"
        yield unknown(RENDERED, Subject("release"), f"were not compared: {effects.problem}", fix)
    for change in effects.changed:
        text = manifests.diff(change.before, change.after)
        only = ", only labels that tell the version" if text and manifests.is_version_only(text) else ""
        yield ok(RENDERED, subject_of(change.key), f"{change.verb} ({manifests.line_counts(text)} lines{only})")


def _restarts(there: ExistingMesh, effects: Effects) -> Iterator[Finding]:
    running = [pod for pod in there.now.snapshot.pods if not pod.ending]
    for name, why in (effects.restarts or {}).items():
        deployment = Subject("deployment", name)
        pods = sorted(pod.name for pod in running if workload_of(pod) == deployment)
        message = f"is restarted by the first `up`: {why}; pods: {', '.join(pods) or 'none'}"
        yield warning(RESTARTS, deployment, message, "", number=len(pods))
    # An autoscaler of the charts may have made more pods than the settings give.
    numbers = {entry.id: entry.wanted for entry in there.now.snapshot.deployments}
    for workload in (workload for existing in there.releases for workload in existing.release.workloads):
        number, key = numbers.get(workload.id, 0), "pilotReplicas" if workload.setting == "istio" else "replicas"
        if number > workload.pods:
            message = f"goes from {number} to {workload.pods} by the first `up`"
            fix = f"set {workload.setting}.{key} to keep them"
            yield warning(RESTARTS, Subject("deployment", workload.id), message, fix, number=number - workload.pods)
    if effects.restarts == {}:
        yield ok(RESTARTS, Subject("pod"), "keep running: no pod template changes", number=0)
    if effects.on_proxies.has_new_sidecars:
        message = "keep running with the settings that they have; a workload gets the new ones when you restart it"
        yield ok(RESTARTS, Subject("sidecar"), message)


def _added(there: ExistingMesh) -> Iterator[Finding]:
    """Yield the resources that `up` creates."""
    entries_of_state = resources(there.now.state)
    existing_objects = {(existing.kind, object_id(existing.manifest["metadata"])) for existing in there.objects}
    for item in there.mesh.objects:
        name = object_id(item.manifest["metadata"])
        known = any(entry["type"].endswith(f":{item.kind}") and entry.get("id") == name for entry in entries_of_state)
        if known or (item.kind, name) in existing_objects:
            continue
        harmless = "; every pod that runs can live with it" if item.kind in BOUNDS else ""
        yield ok(ADDED, Subject(item.kind.lower(), name), f"is added by the first `up`{harmless}")
    taken = {existing.release.id for existing in there.releases}
    for release in there.mesh.releases:
        if release.id not in taken and not there.now.snapshot.release(release.namespace, release.name):
            off = f"; `pulumi config set --path {release.setting}.enabled false` leaves it out"
            message = f"is installed by the first `up`{off if release.kind is Kind.GATEWAY else ''}"
            yield ok(ADDED, Subject("release", release.id), message)
