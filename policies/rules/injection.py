"""The workloads' namespaces inject sidecars."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .resource import PATCH, PREFIXES, anywhere, is_kind, is_object, is_release, istiods, release_values, unread
from .rule import MANDATORY, Bounds, Resource, Rule, strings
from .tree import at, items, mapping, text, walk

LABEL, REVISION_LABEL, TAG_LABEL = "istio-injection", "istio.io/rev", "istio.io/tag"
DEFAULT = "default"
POD_LABEL = "sidecar.istio.io/inject"


def breaches(resources: Sequence[Resource], bounds: Bounds) -> Iterator[str]:
    of_releases = {text(resource.props, "namespace") for resource in resources if is_release(resource)}
    of_istiod = istiods(resources)
    led = _revisions(of_istiod) | set(_tags(resources))
    workloads = [*bounds["namespaces"]]
    for resource in (namespace for namespace in resources if is_kind(namespace, "Namespace")):
        name = text(resource.props, "metadata.name")
        holds_workloads = bool(of_istiod) and name not in of_releases and name not in bounds["without"]
        if holds_workloads or name in bounds["namespaces"]:
            workloads.append(name)
            yield from _of_namespace(resource, name, led)
    for istiod in of_istiod:
        yield from unread(istiod)
        yield from _of_istiod(release_values(istiod))
        # One without a revision injects for the label, whatever revisions run beside it.
        if DEFAULT not in led:
            for _, revision in anywhere(release_values(istiod), "revision"):
                yield f"istiod has the revision {revision}, and injects nothing for {LABEL}=enabled"
    for resource in resources:
        yield from _of_pods(resource, workloads)


def _revisions(of_istiod: Sequence[Resource]) -> set[str]:
    """Return the revisions and the tags of the stack's control planes."""
    names: set[str] = set()
    for istiod in of_istiod:
        values = release_values(istiod)
        names |= {str(value) for _, value in anywhere(values, "revision")} or {DEFAULT}
        names |= {str(tag) for prefix in PREFIXES for tag in items(values, f"{prefix}revisionTags")}
    return names


def _tags(resources: Sequence[Resource]) -> Iterator[str]:
    """Yield the revision tags that the stack makes as webhook configurations of its own."""
    for resource in resources:
        tag = mapping(resource.props, "metadata.labels").get(TAG_LABEL)
        if tag and is_kind(resource, "admissionregistration.k8s.io/MutatingWebhookConfiguration"):
            yield str(tag)


def _of_namespace(resource: Resource, name: str | None, led: set[str]) -> Iterator[str]:
    labels = mapping(resource.props, "metadata.labels")
    if LABEL not in labels and resource.resource_type.endswith(PATCH):
        return
    if LABEL not in labels and labels.get(REVISION_LABEL) in led:
        return
    if labels.get(LABEL) != "enabled":
        yield f"namespace {name} has {LABEL}={labels.get(LABEL)}"


def _of_pods(resource: Resource, namespaces: Sequence[str | None]) -> Iterator[str]:
    """Yield a breach for pods that opt out by their own label."""
    if is_object(resource) and at(resource.props, "metadata.namespace") in namespaces:
        for place, value in walk(resource.props, quiet=True):
            if place.endswith(POD_LABEL) and str(value).lower() != "true":
                name = at(resource.props, "metadata.name")
                yield f"{name} in namespace {at(resource.props, 'metadata.namespace')} has {place}={value}"


def _of_istiod(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield a breach for values with which istiod ignores the namespaces' label."""
    effects = {
        "sidecarInjectorWebhook.neverInjectSelector": "keeps pods without a sidecar",
        "global.operatorManageWebhooks": "leaves the cluster without an injecting webhook",
    }
    for path, effect in effects.items():
        yield from (f"{place} {effect}" for place, value in anywhere(values, path) if value)
    policies = anywhere(values, "global.proxy.autoInject")
    yield from (f"{place} is {policy}" for place, policy in policies if policy != "enabled")


RULE = Rule(
    "sidecar-injection",
    "The workloads' namespaces have istio-injection=enabled, and istiod obeys it",
    MANDATORY,
    "under STRICT, a pod without a sidecar cannot call the mesh; otherwise it calls in plain text",
    "let the program set the namespace's labels; one that needs no sidecars goes into `without` in the policy config",
    schema={
        "namespaces": strings(["trading"], "Namespaces whose pods always need a sidecar, such as trading.namespace."),
        "without": strings(
            [], "Namespaces of the stack that need no sidecars, although no release is installed there."
        ),
    },
    breaches=breaches,
    of_stack=True,
)
