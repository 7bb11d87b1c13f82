"""The settings of a stack: one frozen, typed tree."""

import json
from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from pi_mesh.model import Model
from pi_mesh.settings.errors import SettingsError, field_problems, refuse_depth
from pi_mesh.settings.tree import CaSettings, Settings

__all__ = ["CaSettings", "Settings", "SettingsError", "parse", "parse_any"]

Kind = TypeVar("Kind", bound=Model)


def parse(raw: Mapping[str, object]) -> Settings:
    """Return the settings of first-level keys and their plain values.

    Raises SettingsError with every invalid field at once, or, if each field is valid, with every conflict between them.
    """
    return _validated(Settings, raw)


def parse_any(raw: Mapping[str, object]) -> Settings | CaSettings:
    """Return the settings of any stack; a stack with the key `vault` alone only makes the mesh's CA."""
    return _validated(CaSettings if raw.keys() == {"vault"} else Settings, raw)


def _validated(kind: type[Kind], raw: Mapping[str, object]) -> Kind:
    refuse_depth(raw)
    try:
        # The models are strict, but JSON allows a list for a tuple, and a YAML date becomes its text.
        settings = kind.model_validate_json(json.dumps(raw, default=str), by_alias=True, by_name=False)
    except ValidationError as error:
        raise SettingsError(field_problems(kind, error)) from None
    if conflicts := tuple(dict.fromkeys(settings.all_conflicts())):
        raise SettingsError(conflicts, settings)
    return settings
