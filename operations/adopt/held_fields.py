"""Fields of an adopted object that another field manager holds: the API server would refuse to have them changed.

The provider takes over by itself what `kubectl` wrote (fixCSAFieldManagers, pulumi-kubernetes pkg/await/await.go);
Ansible's module kubernetes.core.k8s writes as OpenAPI-Generator.
"""

from collections.abc import Iterator, Mapping, Sequence

from operations.adopt.existing_mesh import Found

TAKEN_OVER = ("kubectl", "before-first-apply", "pulumi-kubernetes", "pulumi-resource-kubernetes")


def holders(one: Found, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each of these paths with the manager that holds it and does not let go."""
    for entry in one.live["metadata"].get("managedFields") or []:
        manager = entry.get("manager", "")
        if manager.startswith(TAKEN_OVER) or entry.get("subresource"):
            continue
        yield from ((path, manager) for path in paths if _holds(entry.get("fieldsV1") or {}, path))


def _holds(fields: Mapping, path: str) -> bool:
    node = fields
    for part in path.split("."):
        if not (isinstance(node, Mapping) and f"f:{part}" in node):
            return False
        node = node[f"f:{part}"]
    return True
