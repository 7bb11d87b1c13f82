"""Fields of an adopted object that another field manager holds: the API server would refuse to change them.

The provider applies each object under its own field manager. It takes over fields that `kubectl` wrote, in an `up` and
not in a preview (fixCSAFieldManagers, pulumi-kubernetes pkg/await/await.go). It does not take over fields that
Ansible's module kubernetes.core.k8s wrote as OpenAPI-Generator. An adoption hands all of them over beforehand, which
changes nothing of the object except its managers:
https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

import hashlib
from collections.abc import Iterator, Mapping

from operations.adopt.existing_mesh import Found

OURS = "pulumi-kubernetes-"


def manager(urn: str) -> str:
    """Return the field manager of an adopted object: the same in each run, so that a run can be repeated."""
    return f"{OURS}{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def holders(one: Found, paths: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each of these paths with the field manager that holds it, if that is not the stack's."""
    for entry in _fields(one.live):
        if entry.get("manager") != manager(one.registered["urn"]):
            yield from ((path, entry.get("manager", "")) for path in paths if _holds(entry.get("fieldsV1") or {}, path))


def handed_over(one: Found) -> list[dict]:
    """Return the JSON patch that makes the stack's field manager hold everything except the status."""
    meta, mine = one.live["metadata"], manager(one.registered["urn"])
    fields: dict = {}
    for entry in _fields(one.live):
        fields = _union(fields, entry.get("fieldsV1") or {})
    applied = {
        "manager": mine,
        "operation": "Apply",
        "apiVersion": one.live["apiVersion"],
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    status = [entry for entry in meta.get("managedFields") or [] if entry.get("subresource")]
    return _replaced(meta, [applied, *status])


def given_back(live: Mapping) -> list[dict]:
    """Return the JSON patch after which no stack manages the object; empty where none manages it."""
    entries = live["metadata"].get("managedFields") or []
    others = [entry for entry in entries if not entry.get("manager", "").startswith(OURS)]
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


def _holds(fields: Mapping, path: str) -> bool:
    node = fields
    for part in path.split("."):
        if not (isinstance(node, Mapping) and f"f:{part}" in node):
            return False
        node = node[f"f:{part}"]
    return True


def _union(one: dict, other: Mapping) -> dict:
    merged = dict(one)
    for key, value in other.items():
        merged[key] = _union(merged.get(key) or {}, value) if isinstance(value, Mapping) else value
    return merged
