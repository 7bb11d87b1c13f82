"""The conditions in the status of an object of the Kubernetes API."""

from collections.abc import Mapping
from typing import Any


def conditions(item: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {condition["type"]: condition for condition in (item.get("status") or {}).get("conditions") or []}


def is_true(item: Mapping[str, Any], *types: str) -> bool:
    """Return True if one of these conditions holds."""
    return any(type_ in types and held.get("status") == "True" for type_, held in conditions(item).items())
