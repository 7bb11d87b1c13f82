"""The settings of a stack: one frozen, typed tree."""

import json
from collections.abc import Mapping

from pydantic import ValidationError

from settings.errors import SettingsError, lines
from settings.tree import Settings

__all__ = ["Settings", "SettingsError", "parse"]

PROJECT = "pi-mesh"
"""The Pulumi project, and so the prefix of every key in a stack file."""


def parse(raw: Mapping[str, object]) -> Settings:
    """The settings from first-level keys and their plain values. Raises SettingsError with every problem at once."""
    try:
        # By way of JSON, where a list may stand for a tuple though the models are strict.
        return Settings.model_validate_json(json.dumps(raw))
    except ValidationError as error:
        raise SettingsError(lines(error)) from None
