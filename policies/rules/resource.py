"""The engine's resources: Helm releases and their charts, Kubernetes objects and their kinds."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .rule import Resource
from .tree import at, mapping, text

PATCH = "Patch"
PREFIXES = ("", "pilot.", "_internal_defaults_do_not_set.")
"""Places from which istiod's chart takes values, besides the documented one."""
_HELM = re.compile(r"kubernetes:helm\.sh/v[0-9]+:(Release|Chart)")
_KUBERNETES = re.compile(r"kubernetes:((?P<group>[^/:]+)/)?[^/:]+:(?P<kind>\w+)")
_VERSION = re.compile(r"[-:@_]v?[0-9]+(\.[0-9]+)*.*$")
_ISTIO = re.compile(r"(istiod|gateway)(?=[-_.]|$)")


def is_release(resource: Resource) -> bool:
    """Return True for a resource that installs a chart: a Release, or a Chart of any version of the provider's API."""
    return _HELM.fullmatch(resource.resource_type) is not None


def is_object(resource: Resource) -> bool:
    """Return True for a Kubernetes object of the stack's own, not one of a chart."""
    return resource.resource_type.startswith("kubernetes:") and not is_release(resource)


def istiods(resources: Iterable[Resource]) -> list[Resource]:
    return [resource for resource in resources if chart(resource) == "istiod"]


def chart(resource: Resource) -> str | None:
    """Return the bare name of a release's chart: "istiod" of "oci://host/charts/istiod" and of "istiod-1.30.2.tgz"."""
    if not is_release(resource):
        return None
    path, *_ = re.split(r"[?#]", text(resource.props, "chart") or "")
    last = path.rstrip("/.").rpartition("/")[2].lower()
    name = _VERSION.sub("", last.removesuffix(".tgz"))
    # A copy such as "./istiod-vendored" is judged as the chart of which it is a copy.
    return match[1] if (match := _ISTIO.match(name)) else name


def release_values(resource: Resource) -> Mapping[str, Any]:
    return mapping(resource.props, "values")


def anywhere(values: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """Yield istiod's values at a path, and those at the places from which its chart merges into that path."""
    for prefix in PREFIXES:
        value = at(values, f"{prefix}{path}")
        if value not in (None, ""):
            yield f"{prefix}{path}", value


def unread(resource: Resource) -> Iterator[str]:
    """Yield a breach for each property that changes a release in a way that no rule can read."""
    for key in ("valueYamlFiles", "postrender", "postRenderer"):
        if is_release(resource) and resource.props.get(key):
            yield f"{key} of chart {chart(resource)} changes it where this rule cannot read it"


def is_kind(resource: Resource, kind: str) -> bool:
    """Return True for a "security.istio.io/PeerAuthentication", or a patch of one, in any version of its API.

    Core objects have no group. The kind may stand in the resource's type or in its properties.
    """
    if not (match := _KUBERNETES.fullmatch(resource.resource_type)):
        return False
    group = "" if match["group"] in (None, "core") else f"{match['group']}/"
    names = {f"{group}{match['kind'].removesuffix(PATCH)}"}
    if "kind" in resource.props:
        of_api, slash, _ = str(resource.props.get("apiVersion", "")).rpartition("/")
        names.add(f"{of_api}{slash}{resource.props['kind']}")
    return kind in names
