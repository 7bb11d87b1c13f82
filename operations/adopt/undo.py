"""The reversal of an adoption: remove the adopted resources from the state and the stack's marks from the cluster."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from operations import stacks
from operations.adopt import adopt_apply, held_fields
from operations.adopt.entries import PROVIDER, adopted
from operations.adopt.existing_mesh import RELEASE, ExistingMesh
from operations.repair import observed_state
from operations.repair.observed_state import Situation
from pi_mesh.checks.finding import Finding, Subject, ok
from pi_mesh.cluster import release_records
from pi_mesh.cluster.client import METADATA_ONLY, Client
from pi_mesh.cluster.discovery import Discovery
from pi_mesh.names import ADOPTED_ANNOTATION, owner
from pi_mesh.text_parts import before_last

LETS_GO, MARK, STAYS, BACK = "state", "marks", "stays in the state", "the way back"


@dataclass(frozen=True)
class Undo:
    """The resources that an undo removes from the state, and those that stay in it because `up` created them."""

    now: Situation
    released: tuple[Mapping, ...]
    kept: tuple[Mapping, ...]
    marked: tuple[str, ...]
    """Namespaces that carry the stack's mark."""
    revisions: Mapping[str, int]
    """Helm's revision of each release, as NAMESPACE/NAME, before this program changed it."""


def read(stack: str) -> Undo:
    """Return the effects of an undo. Raises as `observed_state.read` does."""
    now = observed_state.read(stack, stacks.load(stack))
    resources = (now.state["deployment"] or {}).get("resources") or []
    released = {entry["urn"] for entry in resources if adopted(entry) and _is_of_cluster(entry)}
    kept = _without_idle([_let_go(entry, released) for entry in resources if entry["urn"] not in released])
    gone = tuple(entry for entry in resources if entry["urn"] in released)
    noted = owner(stack)
    mine = [one.name for one in now.snapshot.namespaces if one.annotations.get(ADOPTED_ANNOTATION) == noted]
    return Undo(now, gone, tuple(kept), tuple(mine), _revisions(now, gone))


def _is_of_cluster(entry: Mapping) -> bool:
    return bool(entry.get("custom")) and not entry["type"].startswith(PROVIDER)


def _let_go(entry: Mapping, released: set[str]) -> Mapping:
    """Return an entry that no longer depends on a removed resource."""
    changed = dict(entry)
    if "dependencies" in entry:
        changed["dependencies"] = [urn for urn in entry["dependencies"] if urn not in released]
    if by_property := entry.get("propertyDependencies"):
        changed["propertyDependencies"] = {
            key: [urn for urn in urns or [] if urn not in released] for key, urns in by_property.items()
        }
    return changed


def _without_idle(entries: list[Mapping]) -> list[Mapping]:
    """Leave out the components and the provider that an adoption wrote and that no other entry needs any more."""
    while True:
        needed = {entry.get("parent") for entry in entries}
        needed |= {before_last(entry.get("provider") or "", "::") for entry in entries}
        kept = [entry for entry in entries if not adopted(entry) or entry["urn"] in needed]
        if len(kept) == len(entries):
            return kept
        entries = kept


def _revisions(now: Situation, released: tuple[Mapping, ...]) -> dict[str, int]:
    """Return the newest revision of each adopted release at its adoption, where Helm has since made another."""
    adopted_at = {entry["id"]: _time(entry["created"]) for entry in released if entry["type"] == RELEASE}
    before: dict[str, int] = {}
    with Client(now.context) as client:
        listed = client.items(release_records.LIST, METADATA_ONLY, labelSelector=release_records.SELECTOR)
    for item in listed:
        record, made = release_records.parse(item), _time(item["metadata"]["creationTimestamp"])
        if record.id in adopted_at and made <= adopted_at[record.id]:
            before[record.id] = max(record.revision, before.get(record.id, record.revision))
    latest = {record.id: record.revision for record in now.snapshot.releases}
    return {one: before.get(one, 0) for one in adopted_at if latest.get(one, 0) > before.get(one, 0)}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def plan(undo: Undo) -> Iterator[Finding]:
    """Yield the removed resources, the kept ones, and the way back to the cluster before the first `up`."""
    stack = Subject("stack", undo.now.stack)
    for entry in undo.released:
        yield ok(
            LETS_GO,
            Subject(entry["type"].rpartition(":")[2].lower(), entry["id"]),
            "leaves the state, and stays in the cluster as it is",
        )
    for name in undo.marked:
        yield ok(MARK, Subject("namespace", name), f"loses the annotation {ADOPTED_ANNOTATION}")
    if made := [entry for entry in undo.kept if _is_of_cluster(entry)]:
        listed = ", ".join(f"{entry['type'].rpartition(':')[2]} {entry['id']}" for entry in made)
        message = f"was made by `pulumi up` and stays: {listed}; `pulumi destroy -s {undo.now.stack}` removes it"
        yield ok(STAYS, stack, message, number=len(made))
    for release, revision in reversed(list(undo.revisions.items())):
        namespace, _, name = release.partition("/")
        back = f"`helm rollback {name} {revision} -n {namespace} --wait`"
        gone = "Helm no longer keeps its earlier revision: run `helm upgrade` with the earlier values"
        yield ok(BACK, Subject("release", release), back if revision else gone)
    if not undo.released and not undo.marked:
        yield ok(LETS_GO, stack, "contains no adopted resource")


def carry_out(undo: Undo) -> None:
    """Write the state, then remove the marks from the cluster; after an interruption, the next run goes on."""
    if undo.released:
        deployment = {**(undo.now.state["deployment"] or {}), "resources": list(undo.kept)}
        adopt_apply.write(ExistingMesh(undo.now), {**undo.now.state, "deployment": deployment})
    with Client(undo.now.context) as client:
        for name in undo.marked:
            client.patch(f"/api/v1/namespaces/{name}", {"metadata": {"annotations": {ADOPTED_ANNOTATION: None}}})
        discovery = Discovery(client)
        for entry in undo.released:
            path = None if entry["type"] == RELEASE else discovery.path(entry["outputs"], "")
            live = client.get(path) if path else None
            if path and live and (operations := held_fields.given_back(live)):
                client.patch_json(path, operations)
