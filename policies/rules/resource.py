"""Reading the engine's resources: Helm releases, Kubernetes objects, nested values."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .rule import Resource

RELEASE = "kubernetes:helm.sh/v3:Release"


def chart(resource: Resource) -> str | None:
    """The bare name of a release's chart: "istiod" of "oci://host/charts/istiod" and of "charts/istiod-1.30.2.tgz"."""
    if resource.resource_type != RELEASE:
        return None
    last = str(resource.props["chart"]).rstrip("/").rsplit("/", 1)[-1]
    return last.rsplit("-", 1)[0] if last.endswith(".tgz") else last


def release_values(resource: Resource) -> Mapping[str, Any]:
    return resource.props.get("values") or {}


def kind(resource: Resource) -> str | None:
    """ "security.istio.io/PeerAuthentication": API group and kind, whatever the version. Core objects have no group."""
    if not resource.resource_type.startswith("kubernetes:") or "kind" not in resource.props:
        return None
    group, slash, _ = str(resource.props.get("apiVersion", "")).rpartition("/")
    return f"{group}{slash}{resource.props['kind']}"


def at(tree: Any, path: str) -> Any:
    """The value at "pilot.resources", or None."""
    for key in path.split("."):
        if not isinstance(tree, Mapping) or key not in tree:
            return None
        tree = tree[key]
    return tree


def walk(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value below a tree with its path, the branches included."""
    for key, value in _items(tree):
        place = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}".lstrip(".")
        yield place, value
        yield from walk(value, place)


def _items(tree: Any) -> Iterator[tuple[str | int, Any]]:
    # The engine's lists are proxies: sequences, but no `list`.
    if isinstance(tree, Mapping):
        yield from tree.items()
    elif isinstance(tree, Sequence) and not isinstance(tree, str):
        yield from enumerate(tree)
