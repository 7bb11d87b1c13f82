"""Life of the certificates that running proxies ask for: a changed setting reaches new pods only."""

import re
from datetime import timedelta

from pi_mesh.catalog.istio import CERTIFICATE_LIFETIME
from pi_mesh.cluster.snapshot import Snapshot

PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(h|ms|m|s)")
"""A part of a duration as Go writes it, such as "1h30m"."""
UNITS = {"h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}


def longest(snapshot: Snapshot) -> timedelta:
    """Return the longest one; Istio's default where the pods may not be listed."""
    if "pods" in snapshot.unreadable:
        return CERTIFICATE_LIFETIME
    return max((_lifetime(pod.secret_ttl) for pod in snapshot.pods if pod.has_sidecar), default=timedelta())


def _lifetime(secret_ttl: str) -> timedelta:
    """Return what a proxy makes of its SECRET_TTL: of a text that is no duration, the default."""
    parts = PART.findall(secret_ttl)
    if not parts or "".join(map("".join, parts)) != secret_ttl:
        return CERTIFICATE_LIFETIME
    return sum((timedelta(**{UNITS[unit]: float(number)}) for number, unit in parts), start=timedelta())
