"""The workloads' namespaces inject sidecars."""

from collections.abc import Iterator

from .resource import at, kind
from .rule import MANDATORY, Bounds, Resource, Rule, strings

LABEL = "istio-injection"


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    name = at(resource.props, "metadata.name")
    if kind(resource) != "Namespace" or name not in bounds["namespaces"]:
        return
    labels = at(resource.props, "metadata.labels") or {}
    if labels.get(LABEL) != "enabled":
        yield f"namespace {name} has {LABEL}={labels.get(LABEL)}"


RULE = Rule(
    "sidecar-injection",
    "The trading namespace has istio-injection=enabled",
    MANDATORY,
    "a pod without a sidecar is cut off under STRICT, or speaks plain text",
    "let the program set the namespace's labels",
    schema={"namespaces": strings(["trading"], "Namespaces whose pods need a sidecar.")},
    breaches=breaches,
)
