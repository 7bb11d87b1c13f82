"""The conversion between the engine's property values and plain Python values."""

import re
from collections.abc import Mapping, Sequence

from pulumi.provider.experimental.property_value import PropertyValue


def plain(value: PropertyValue) -> object:
    """Convert to strings, booleans, whole numbers, lists and dicts, as JSON has them."""
    inner = value.value
    if isinstance(inner, float) and inner.is_integer():
        return int(inner)
    if isinstance(inner, Mapping):
        return {name: plain(item) for name, item in inner.items()}
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return [plain(item) for item in inner]
    return inner


def plain_map(values: Mapping[str, PropertyValue]) -> dict[str, object]:
    """Convert all values that are not null: for those Vault has its own defaults."""
    return {name: plain(value) for name, value in values.items() if value.value is not None}


def wrapped(value: object, secret: bool = False) -> PropertyValue:
    """Convert a value of Vault's answer for the engine."""
    if isinstance(value, list):
        return PropertyValue([wrapped(item) for item in value], is_secret=secret)
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value), is_secret=secret)
    return PropertyValue(value, is_secret=secret)  # type: ignore[arg-type]


def merged(
    values: Mapping[str, PropertyValue], found: Mapping[str, object], computed: Sequence[str] = ()
) -> dict[str, PropertyValue]:
    """Return the values as Vault has them, by its names, and the computed ones, in which numbers are texts.

    A number that was given as a text stays one.
    """
    known = {name: _as_given(value, found.get(vault_name(name))) for name, value in values.items()}
    read = {name: wrapped(_text(found[vault_name(name)])) for name in computed if vault_name(name) in found}
    return {**known, **read}


def _as_given(value: PropertyValue, found: object) -> PropertyValue:
    if found is None or value.is_secret:
        return value
    return wrapped(str(found) if isinstance(value.value, str) else found)


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


def vault_name(name: str) -> str:
    """Convert `maxPathLength` to `max_path_length`, as Vault's API names it."""
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
