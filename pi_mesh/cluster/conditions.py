"""The conditions in the status of an object of the Kubernetes API."""

from collections.abc import Mapping
from typing import Any


def conditions(item: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {condition["type"]: condition for condition in (item.get("status") or {}).get("conditions") or []}


def is_true(item: Mapping[str, Any], *types: str) -> bool:
    """Return True if one of these conditions holds."""
    held = conditions(item)
    return any(held.get(type_, {}).get("status") == "True" for type_ in types)
