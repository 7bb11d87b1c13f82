"""AuthorizationPolicies name the callers that they admit."""

from collections.abc import Iterator
from typing import Any

from .callers import NETWORKS, SOURCES, names_callers
from .resource import is_kind
from .rule import MANDATORY, Bounds, Resource, Rule, strings
from .tree import at, items, text, texts, within

ACTIONS = ("DENY", "AUDIT", "CUSTOM")
"""Actions that admit nobody by themselves."""


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    if not is_kind(resource, "security.istio.io/AuthorizationPolicy"):
        return
    if text(resource.props, "spec.action") in ACTIONS:
        return
    name = at(resource.props, "metadata.name")
    for number, rule in enumerate(items(resource.props, "spec.rules")):
        with within(f"spec.rules[{number}]"):
            yield from (f"AuthorizationPolicy {name}: rule {number} {what}" for what in _of_rule(rule, bounds))


def _of_rule(rule: Any, bounds: Bounds) -> Iterator[str]:
    sources, conditions = items(rule, "from"), items(rule, "when")
    if not (sources or conditions or items(rule, "to")):
        yield "is empty and allows every caller everything"
    elif any(_narrows(condition, bounds) for condition in conditions):
        return
    elif not sources:
        yield "names no caller: it allows every caller"
    else:
        for number, source in enumerate(sources):
            with within(f"from[{number}]"):
                yield from _of_source(source, bounds)


def _of_source(entry: Any, bounds: Bounds) -> Iterator[str]:
    values = {field: texts(entry, f"source.{field}") for field in (*SOURCES, *NETWORKS)}
    given = {field: found for field, found in values.items() if found}
    if any(names_callers(field, found, bounds) for field, found in given.items()):
        return
    if not given:
        yield "has a source that names no caller: it allows every caller"
    for field, found in given.items():
        yield f"allows the {SOURCES.get(field) or NETWORKS[field]} {', '.join(found)}"


def _narrows(condition: Any, bounds: Bounds) -> bool:
    """Return True for a condition that only named callers fulfil."""
    key, values = text(condition, "key") or "", texts(condition, "values")
    field = {
        "source.principal": "principals",
        "source.namespace": "namespaces",
        "source.serviceAccount": "serviceAccounts",
        "request.auth.principal": "requestPrincipals",
        "source.ip": "ipBlocks",
        "remote.ip": "remoteIpBlocks",
    }.get(key)
    return bool(field and values and names_callers(field, values, bounds))


RULE = Rule(
    "named-principals",
    "An ALLOW policy names its callers in every rule",
    MANDATORY,
    "such a rule looks like protection and admits every workload",
    "name the callers: namespaces, or principals such as cluster.local/ns/NAMESPACE/sa/ACCOUNT",
    schema={
        "addresses": strings([], 'Networks, as "192.168.1.0/24", whose addresses may stand for callers.'),
        "anySignedInUser": {
            "type": "boolean",
            "default": False,
            "description": "Allow requestPrincipals *, which any token of any issuer matches.",
        },
    },
    breaches=breaches,
)
