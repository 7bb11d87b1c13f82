"""AuthorizationPolicies name the callers that they admit."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Any

from .resource import is_kind
from .rule import MANDATORY, Bounds, Resource, Rule, bound, strings
from .tree import at, items, text, texts, within

SOURCES = {
    "principals": ("source.principal", "principal"),
    "namespaces": ("source.namespace", "namespace"),
    "serviceAccounts": ("source.serviceAccount", "service account"),
    "requestPrincipals": ("request.auth.principal", "request principal"),
    "ipBlocks": ("source.ip", "addresses"),
    "remoteIpBlocks": ("remote.ip", "remote addresses"),
}
"""Fields of a source, each with the key of a condition that says the same, and its name in a message."""
NETWORKS = ("ipBlocks", "remoteIpBlocks")

_LITERAL = re.compile(r"[^*\s]+")
_OF_NAMESPACE = re.compile(r"([^*\s]+|\*)/?ns/[^/*\s]+/(sa/)?[^/*\s]*\*?")
"""A principal with a wildcard that still names the namespace, such as "cluster.local/ns/argocd/*"."""
_OF_ISSUER = re.compile(r"(https?://[^/*\s]+|[^/:*\s]+)/[^*\s]*\*")


def names_callers(field: str, values: Sequence[str], bounds: Bounds) -> bool:
    """Return True if each of the values of a source's field names a caller."""
    if field in NETWORKS:
        return all(_is_listed(value, bounds["addresses"]) for value in values)
    return all(_names_somebody(field, value, bounds) for value in values)


def _names_somebody(field: str, value: str, bounds: Bounds) -> bool:
    if _LITERAL.fullmatch(value):
        return True
    if field == "principals":
        return _OF_NAMESPACE.fullmatch(value) is not None
    if field == "requestPrincipals":
        return bounds["anySignedInUser"] is True or _OF_ISSUER.fullmatch(value) is not None
    return False


def _is_listed(block: str, allowed: Sequence[str]) -> bool:
    """Return True for an address or a network that lies within one of the allowed networks."""
    try:
        network = ip_network(block, strict=False)
        return any(_contains(ip_network(entry, strict=False), network) for entry in allowed)
    except ValueError:
        return False


def _contains(outer, inner) -> bool:
    return outer.version == inner.version and inner.subnet_of(outer)


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
    values = {field: texts(entry, f"source.{field}") for field in SOURCES}
    given = {field: callers for field, callers in values.items() if callers}
    if any(names_callers(field, callers, bounds) for field, callers in given.items()):
        return
    if not given:
        yield "has a source that names no caller: it allows every caller"
    for field, callers in given.items():
        yield f"allows the {SOURCES[field][1]} {', '.join(callers)}"


def _narrows(condition: Any, bounds: Bounds) -> bool:
    """Return True for a condition that only named callers fulfil."""
    key, values = text(condition, "key"), texts(condition, "values")
    field = next((field for field, (of_condition, _) in SOURCES.items() if of_condition == key), None)
    return bool(field and values and names_callers(field, values, bounds))


RULE = Rule(
    "named-principals",
    "An ALLOW policy names its callers in every rule",
    MANDATORY,
    "such a rule looks like protection and admits every workload",
    "name the callers: namespaces, or principals such as cluster.local/ns/NAMESPACE/sa/ACCOUNT",
    schema={
        "addresses": strings([], 'Networks, as "192.168.1.0/24", whose addresses may stand for callers.'),
        "anySignedInUser": bound("boolean", False, "Allow requestPrincipals *, which any token of any issuer matches."),
    },
    breaches=breaches,
)
