"""The callers that an AuthorizationPolicy lists, and the ways to name everybody."""

import re
from collections.abc import Sequence
from ipaddress import ip_network

from .rule import Bounds

SOURCES = {
    "principals": "principal",
    "namespaces": "namespace",
    "serviceAccounts": "service account",
    "requestPrincipals": "request principal",
}
NETWORKS = {"ipBlocks": "addresses", "remoteIpBlocks": "remote addresses"}

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
