"""Conflicts that may only be there because something wrong was left out of the settings."""

import re

from pi_mesh.settings import wording
from pi_mesh.settings.reference import Schema, below

Place = tuple[int | str, ...]
LeftOut = dict[Place, Place | None]
"""What was left out of the settings, and which key is meant by it: another one where it is no setting."""
KEYS = re.compile(r"[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)*")
"""What may be a config key in a sentence; above all branches only a path with a dot is one, and no other word."""


def is_one(line: str, place: Place, left_out: LeftOut, schema: Schema) -> bool:
    """Return True for a conflict of a branch that names what was left out: with the right value there may be none."""
    keys = [tuple(key.split(".")) for key in KEYS.findall(line.removeprefix(wording.path_of(place)))]
    named = [key for key in keys if place or len(key) > 1]
    hiding = [meant for left, meant in left_out.items() if meant and (meant == left or meant[:-1] == place)]
    inside = [meant[len(place) :] for meant in hiding if meant[: len(place)] == place]
    return any(_is_named(entry, key, place, schema) for entry in inside for key in named)


def _is_named(entry: Place, key: Place, place: Place, schema: Schema) -> bool:
    """Return True where a key is the entry, is in it, or is the map that the entry is of; both seen from a place."""
    common = min(len(entry), len(key))
    of_a_map = common > 0 and "properties" not in below(schema, (*place, entry[0]))
    return common > 0 and entry[:common] == key[:common] and (common == len(entry) or of_a_map)


def meant(place: Place, schema: Schema) -> Place | None:
    """Return the setting that a mistyped key of a branch means: it hides conflicts of that branch, and no others."""
    close = wording.suggestion(place, schema)
    return (*place[:-1], close) if close and len(place) > 1 else None
