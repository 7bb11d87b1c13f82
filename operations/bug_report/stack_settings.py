"""The settings of a stack as a report shows them: without secrets, and without the texts of extra Helm values."""

from collections.abc import Mapping
from typing import Any

from operations.bug_report.redaction import REMOVED
from pi_mesh.settings.raw import decoded

EXTRA = "values"
"""Key of extra Helm values, which may hold a password under any name."""


def shown(config: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the settings of `pulumi config --json`, by full key."""
    return {key: REMOVED if entry.get("secret") else _without_extra(_value(entry)) for key, entry in config.items()}


def _value(entry: Mapping[str, Any]) -> Any:
    return entry["objectValue"] if "objectValue" in entry else decoded(entry.get("value"))


def _without_extra(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping):
        return {name: _without_extra(entry, EXTRA if key == EXTRA else name) for name, entry in value.items()}
    if isinstance(value, list):
        return [_without_extra(entry, key) for entry in value]
    return REMOVED if key == EXTRA and isinstance(value, str) else value
