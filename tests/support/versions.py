"""Istio's versions that tests speak of, by name: a new release changes pi_mesh/catalog/istio.py and no test.

A test writes a version as text only where that version is its subject, such as a chart that is broken in 1.25.4 alone.
"""

from pi_mesh.catalog.istio import BEFORE, NEWEST, NEWEST_MINOR, OLDEST, OLDEST_MINOR, SHIPPED, numbers_of

UNKNOWN = f"1.{NEWEST_MINOR + 1}.0"
"""A version that is newer than the catalog."""


def next_patch(version: str) -> str:
    """Return the patch after this one: "1.9.4" for "1.9.3"."""
    *series, patch = numbers_of(version)
    return ".".join(map(str, (*series, patch + 1)))


__all__ = ["BEFORE", "NEWEST", "NEWEST_MINOR", "OLDEST", "OLDEST_MINOR", "SHIPPED", "UNKNOWN", "next_patch"]
