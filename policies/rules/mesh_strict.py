"""A stack with istiod has a mesh-wide STRICT policy."""

from collections.abc import Iterator, Sequence

from .resource import anywhere, is_kind, istiods, release_values, unread
from .rule import MANDATORY, Bounds, Resource, Rule
from .tree import as_text, at, mapping, text

REVISION = "istio.io/rev"


def breaches(resources: Sequence[Resource], _: Bounds) -> Iterator[str]:
    policies = [policy for policy in resources if is_kind(policy, "security.istio.io/PeerAuthentication")]
    for istiod in istiods(resources):
        yield from unread(istiod)
        for place, _value in anywhere(release_values(istiod), "env.SHARED_MESH_CONFIG"):
            yield f"{place} takes mesh settings from a source that this rule cannot read"
        revision = next((str(value) for _, value in anywhere(release_values(istiod), "revision")), "default")
        for root in _roots(istiod):
            yield from _of_root(root, [policy for policy in policies if _is_mesh_wide(policy, root, revision)])


def _of_root(root: str | None, mesh_wide: list[Resource]) -> Iterator[str]:
    if not any(_is_strict(policy) for policy in mesh_wide):
        yield f"no PeerAuthentication without a selector in {root} has spec.mtls.mode STRICT"
    elif not all(_is_strict(policy) for policy in mesh_wide):
        yield f"one PeerAuthentication without a selector in {root} is STRICT, another is not: Istio applies the oldest"


def _roots(istiod: Resource) -> Sequence[str | None]:
    """Return the namespace whose policies hold for the whole mesh; all of them where the values contradict."""
    values = release_values(istiod)
    for path in ("meshConfig.rootNamespace", "global.istioNamespace"):
        if named := {as_text(value, place) for place, value in anywhere(values, path)}:
            return sorted(named)
    return [text(istiod.props, "namespace")]


def _is_mesh_wide(policy: Resource, root: str | None, revision: str) -> bool:
    labels = mapping(policy.props, "metadata.labels")
    return (
        at(policy.props, "metadata.namespace") == root
        and not mapping(policy.props, "spec.selector.matchLabels")
        # istiod ignores objects that are labelled for another revision.
        and labels.get(REVISION, revision) == revision
    )


def _is_strict(policy: Resource) -> bool:
    return at(policy.props, "spec.mtls.mode") == "STRICT"


RULE = Rule(
    "mesh-wide-strict",
    "The mesh has a mesh-wide STRICT PeerAuthentication",
    MANDATORY,
    "without it Istio accepts plain text everywhere, silently",
    "set mtls.mode to STRICT; for a migration make this rule advisory in the policy config",
    breaches=breaches,
    of_stack=True,
)
