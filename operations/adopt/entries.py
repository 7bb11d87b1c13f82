"""The entries of a stack's state for what the cluster has already, and the field managers of its objects.

The API server would refuse to change a field of an adopted object that another field manager holds. The provider
applies each object under its own field manager. It takes over fields that `kubectl` wrote, in an `up` and not in a
preview (fixCSAFieldManagers, pulumi-kubernetes pkg/await/await.go). It does not take over fields that Ansible's
module kubernetes.core.k8s wrote as OpenAPI-Generator. An adoption hands all of them over beforehand, which changes
nothing of the object except its managers:
https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from operations.adopt.existing_mesh import ExistingMesh, ExistingObject, ExistingRelease
from operations.repair.observed_state import resources, with_dependencies
from pi_mesh.tree_diff import ABSENT, unequal, value_at
from pi_mesh.words import text_before_last

MANAGER_PREFIX = "pulumi-kubernetes-"


def field_manager(urn: str) -> str:
    """Return the field manager of an adopted object: the same in each run, so that a run can be repeated."""
    return f"{MANAGER_PREFIX}{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def field_holders(existing: ExistingObject, paths: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each of these paths with the field manager that holds it, if that is not the stack's."""
    for entry in _fields(existing.live):
        if entry.get("manager") != field_manager(existing.registered["urn"]):
            held = (path for path in paths if value_at(entry, f"fieldsV1.f:{path.replace('.', '.f:')}") is not None)
            yield from ((path, entry.get("manager", "")) for path in held)


def hand_over_patch(existing: ExistingObject) -> list[dict]:
    """Return the JSON patch that makes the stack's field manager hold everything except the status."""
    meta, mine = existing.live["metadata"], field_manager(existing.registered["urn"])
    fields: dict = {}
    for entry in _fields(existing.live):
        fields = _union(fields, entry.get("fieldsV1") or {})
    applied = {"manager": mine, "operation": "Apply", "apiVersion": existing.live["apiVersion"]}
    applied |= {"fieldsType": "FieldsV1", "fieldsV1": fields}
    return _replaced(meta, [applied, *(entry for entry in meta.get("managedFields") or [] if entry.get("subresource"))])


def give_back_patch(live: Mapping) -> list[dict]:
    """Return the JSON patch after which no stack manages the object; empty where none manages it."""
    entries = live["metadata"].get("managedFields") or []
    others = [entry for entry in entries if not entry.get("manager", "").startswith(MANAGER_PREFIX)]
    # An empty list resets the fields; without a list they would stay as they are.
    return [] if others == entries else _replaced(live["metadata"], others or [{}])


def _replaced(meta: Mapping, entries: list) -> list[dict]:
    """Return a patch that fails if the object has changed in the meantime."""
    return [
        {"op": "test", "path": "/metadata/resourceVersion", "value": meta["resourceVersion"]},
        {"op": "replace", "path": "/metadata/managedFields", "value": entries},
    ]


def _fields(live: Mapping) -> list[Mapping]:
    return [entry for entry in live["metadata"].get("managedFields") or [] if not entry.get("subresource")]


def _union(fields: dict, other: Mapping) -> dict:
    merged = dict(fields)
    for key, value in other.items():
        merged[key] = _union(merged.get(key) or {}, value) if isinstance(value, Mapping) else value
    return merged


# An entry holds what the cluster has and not what the settings ask for, so that the next preview shows what `up`
# changes. The engine dates its entries to the nanosecond and keeps the date of their creation for good; those of an
# adoption have whole seconds, by which `adopt --undo` knows them, before and after an `up`.

Entry = dict[str, Any]

KEPT = ("urn", "custom", "type", "parent", "dependencies", "propertyDependencies", "aliases", "additionalSecretOutputs")
"""Fields that an entry takes from the resource as the program registers it."""
PROVIDER = "pulumi:providers:"
NO_MANIFEST = {"time": "0001-01-01T00:00:00Z", "magic": "", "version": ""}
"""Manifest of a deployment, which must have one, for a stack that never ran."""
EXTRA_VALUE = "was installed with values that the stack file does not have; the next `up` removes them"


def is_adopted(entry: Mapping) -> bool:
    """Return True for an entry that an adoption wrote."""
    return bool(entry.get("created")) and "." not in entry["created"]


def state_with_entries(there: ExistingMesh) -> dict:
    """Return the stack's state with an entry for every adopted resource, and for its components and provider."""
    state = there.now.state
    known, now = resources(state), f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    added = _entries(there, {entry["urn"]: entry for entry in known})
    dated = [{**entry, "created": now, "modified": now} for entry in added]
    return {**state, "deployment": {"manifest": NO_MANIFEST, **(state["deployment"] or {}), "resources": known + dated}}


def _entries(there: ExistingMesh, known: Mapping[str, Mapping]) -> list[Entry]:
    """Return the entries in the program's order, in which a resource follows those that it needs."""
    taken = {release.registered["urn"]: _of_release(release) for release in there.releases}
    taken |= {item.registered["urn"]: _of_object(item) for item in there.objects}
    by_urn = {resource["urn"]: resource for resource in there.registered}
    needed = {urn for taken_urn in taken for urn in _ancestors(by_urn[taken_urn], by_urn)}
    added = (taken.keys() | needed) - known.keys()
    chosen = [resource for resource in there.registered if resource["urn"] in added]
    there_already = known.keys() | {resource["urn"] for resource in chosen}
    ids = {urn: entry["id"] for urn, entry in known.items() if entry["type"].startswith(PROVIDER)}
    ids |= {resource["urn"]: str(uuid4()) for resource in chosen if resource["type"].startswith(PROVIDER)}
    return [
        _with_references(_plain(resource, ids) | taken.get(resource["urn"], {}), resource, there_already, ids)
        for resource in chosen
    ]


def _ancestors(registered: Mapping, by_urn: Mapping[str, Mapping]) -> Iterator[str]:
    """Yield the URNs of the provider, and of the parents up to the stack."""
    for urn in (registered.get("parent") or "", text_before_last(registered.get("provider") or "", "::")):
        if urn in by_urn:
            yield urn
            yield from _ancestors(by_urn[urn], by_urn)


def _plain(registered: Mapping, ids: Mapping[str, str]) -> Entry:
    entry = {key: registered[key] for key in KEPT if key in registered}
    if registered["type"].startswith(PROVIDER):
        inputs = registered.get("inputs") or {}
        outputs = {key: value for key, value in inputs.items() if not key.startswith("__")}
        entry |= {"id": ids[registered["urn"]], "inputs": inputs, "outputs": outputs}
    return entry


def _with_references(entry: Entry, registered: Mapping, there: set[str], ids: Mapping[str, str]) -> Entry:
    """Return the entry with references to no other resources than those of the state."""
    if provider := text_before_last(registered.get("provider") or "", "::"):
        entry["provider"] = f"{provider}::{ids[provider]}"
    return with_dependencies(entry, there.__contains__)


def _of_release(existing: ExistingRelease) -> Entry:
    """Return the entry of a release; the provider's own read gives the same, except for the chart's source."""
    release, applied, record = existing.release, existing.living.applied, existing.living.record
    chart, version = existing.registered["inputs"]["chart"], applied.chart_version
    if release.source.is_directory:
        chart = release.source.package(release.chart, version)
    own = {"name": record.name, "namespace": record.namespace, "chart": chart, "version": version}
    # What only the cluster has may hold a password, and the next `up` removes it anyway.
    inputs = {**existing.registered["inputs"], **own, "values": _shared(applied.values, release.values)}
    status = {**own, "chart": applied.chart, "appVersion": applied.app_version}
    status |= {"revision": record.revision, "status": record.status}
    entry = {"id": record.id, "inputs": inputs, "outputs": {**inputs, "status": status}}
    # Without `__inputs`, a secret, the provider sees changed and added values, but no removed ones.
    gone = any(setting is ABSENT for _, setting, _ in unequal(release.values, applied.values))
    return {**entry, "initErrors": [EXTRA_VALUE]} if gone else entry


def _shared(live: Mapping, ours: Mapping) -> dict:
    """Return the live values at the paths that the settings' values have too."""
    return {
        key: _shared(value, ours[key]) if isinstance(value, Mapping) else value
        for key, value in live.items()
        if key in ours and isinstance(ours[key], Mapping) == isinstance(value, Mapping)
    }


def _of_object(existing: ExistingObject) -> Entry:
    """Return the entry of an object. Its inputs are the whole live spec, so that `up` removes additional fields."""
    live = {key: value for key, value in existing.live.items() if key != "status"}
    inputs = live_inputs(existing)
    manager = field_manager(existing.registered["urn"])
    own = {"__inputs": inputs, "__initialApiVersion": existing.manifest["apiVersion"], "__fieldManager": manager}
    entry: Entry = {"id": existing.id, "inputs": inputs, "outputs": {**live, **own}}
    return {**entry, "retainOnDelete": True} if existing.kind == "Namespace" else entry


def live_inputs(existing: ExistingObject) -> dict:
    """Return the object as a program would write it, with only those labels and annotations that the program gives."""
    registered_meta, live = existing.manifest["metadata"], existing.live["metadata"]
    meta = {key: live[key] for key in ("name", "namespace") if key in live}
    for key in ("labels", "annotations"):
        given, notes = registered_meta.get(key) or {}, live.get(key) or {}
        meta |= {key: kept} if (kept := {name: notes[name] for name in notes if name in given}) else {}
    left_out = ("metadata", "status", *(("spec",) if existing.kind == "Namespace" else ()))
    return {**{key: value for key, value in existing.live.items() if key not in left_out}, "metadata": meta}
