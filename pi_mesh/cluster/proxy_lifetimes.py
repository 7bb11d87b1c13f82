"""Certificate lifetimes that running proxies request; a changed setting reaches new pods only."""

import re
from datetime import timedelta

from pi_mesh.catalog.istio import CERTIFICATE_LIFETIME
from pi_mesh.cluster.snapshot import Snapshot

PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(h|ms|m|s)")
"""Pattern of a part of a Go duration such as "1h30m"."""
UNITS = {"h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}


def longest(snapshot: Snapshot) -> timedelta:
    """Return the longest lifetime; Istio's default if the pods may not be listed."""
    if "pods" in snapshot.unreadable:
        return CERTIFICATE_LIFETIME
    return max((_lifetime(pod.secret_ttl) for pod in snapshot.pods if pod.has_sidecar), default=timedelta())


def _lifetime(secret_ttl: str) -> timedelta:
    """Return the lifetime that a proxy reads from its SECRET_TTL: the default for a text that is not a duration."""
    parts = PART.findall(secret_ttl)
    if not parts or "".join(map("".join, parts)) != secret_ttl:
        return CERTIFICATE_LIFETIME
    return sum((timedelta(**{UNITS[unit]: float(number)}) for number, unit in parts), start=timedelta())
