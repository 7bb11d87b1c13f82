"""Where istiod is, a mesh-wide STRICT is."""

from collections.abc import Iterator, Sequence

from .resource import at, chart, kind
from .rule import MANDATORY, Bounds, Resource, StackRule


def breaches(resources: Sequence[Resource], _: Bounds) -> Iterator[str]:
    for istiod in (resource for resource in resources if chart(resource) == "istiod"):
        root = istiod.props.get("namespace")
        if not any(_is_mesh_wide_strict(resource, root) for resource in resources):
            yield f"no PeerAuthentication without a selector in {root} has spec.mtls.mode STRICT"


def _is_mesh_wide_strict(resource: Resource, root: str | None) -> bool:
    return (
        kind(resource) == "security.istio.io/PeerAuthentication"
        and at(resource.props, "metadata.namespace") == root
        and not at(resource.props, "spec.selector")
        and at(resource.props, "spec.mtls.mode") == "STRICT"
    )


RULE = StackRule(
    "mesh-wide-strict",
    "The mesh has a mesh-wide STRICT PeerAuthentication",
    MANDATORY,
    "without it Istio accepts plain text everywhere, silently",
    "set mtls.mode to STRICT; for a migration make this rule advisory in the policy config",
    breaches=breaches,
)
