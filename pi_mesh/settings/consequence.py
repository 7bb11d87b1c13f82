"""Conflicts that exist only because an invalid setting was left out."""

import re

from pi_mesh.settings import wording
from pi_mesh.settings.reference import Schema, below

Place = tuple[int | str, ...]
LeftOut = dict[Place, Place | None]
"""Places of the settings that were left out, each with the setting that it means; None if that is unknown."""
KEYS = re.compile(r"[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)*")
"""Pattern of a config key in a sentence. In conflicts of the whole tree only a path with a dot counts as a key."""


def is_one(line: str, place: Place, left_out: LeftOut, schema: Schema) -> bool:
    """Return True for a conflict that names a left-out setting and may disappear once that setting is valid."""
    keys = [tuple(key.split(".")) for key in KEYS.findall(line.removeprefix(wording.path_of(place)))]
    named = [key for key in keys if place or len(key) > 1]
    hiding = [meant for left, meant in left_out.items() if meant and (meant == left or meant[:-1] == place)]
    inside = [meant[len(place) :] for meant in hiding if meant[: len(place)] == place]
    return any(_is_named(entry, key, place, schema) for entry in inside for key in named)


def _is_named(entry: Place, key: Place, place: Place, schema: Schema) -> bool:
    """Return True if a key is the entry, lies in it, or is the map of the entry, both seen from the same place."""
    if not entry:
        return False
    (first, *_), common = entry, min(len(entry), len(key))
    of_a_map = "properties" not in below(schema, (*place, first))
    return entry[:common] == key[:common] and (common == len(entry) or of_a_map)


def meant(place: Place, schema: Schema) -> Place | None:
    """Return the setting that a mistyped key means; only conflicts of its own branch can depend on it."""
    close = wording.suggestion(place, schema)
    return (*place[:-1], close) if close and len(place) > 1 else None
