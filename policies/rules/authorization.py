"""AuthorizationPolicies name who may come in."""

from collections.abc import Iterator

from .resource import at, kind, walk
from .rule import MANDATORY, Bounds, Resource, Rule


def breaches(resource: Resource, _: Bounds) -> Iterator[str]:
    if kind(resource) != "security.istio.io/AuthorizationPolicy":
        return
    if at(resource.props, "spec.action") not in (None, "ALLOW"):
        return
    name = at(resource.props, "metadata.name")
    for number, rule in enumerate(at(resource.props, "spec.rules") or ()):
        if not any(rule.get(part) for part in ("from", "to", "when")):
            yield f"AuthorizationPolicy {name}: rule {number} is empty and allows everybody everything"
        for place, value in walk(rule.get("from") or []):
            if value == "*" and ".principals[" in place:
                yield f"AuthorizationPolicy {name}: rule {number} allows the principal *"


RULE = Rule(
    "named-principals",
    "An ALLOW policy names principals and has no empty rule",
    MANDATORY,
    "such a rule reads as protection and lets every workload in",
    "name the callers: namespaces, or principals such as cluster.local/ns/NAMESPACE/sa/ACCOUNT",
    breaches=breaches,
)
