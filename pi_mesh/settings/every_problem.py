"""Every problem of a stack's settings at once.

pydantic judges how fields go together only where each of them is right by itself. Here what is wrong is left out and
the rest is judged again, until nothing new is found.
"""

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pi_mesh.catalog import istio
from pi_mesh.model.base import CONFLICTS, Model
from pi_mesh.settings import wording
from pi_mesh.settings.reference import Schema, below

Place = tuple[int | str, ...]

STAND_INS: dict[Place, object] = {
    ("cluster",): {"context": "some"},
    ("cluster", "context"): "some",
    ("istio",): {"version": f"1.{istio.NEWEST}.0"},
    ("istio", "version"): f"1.{istio.NEWEST}.0",
}
"""What stands for a required key that is wrong or not there, so that the rest can be judged."""
ROUNDS = 20
KEYS = re.compile(r"[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)*")
"""What may be a config key in a sentence; above all branches only a path with a dot is one, and no other word."""
LeftOut = dict[Place, Place | None]
"""What was left out of the settings, and which key is meant by it: another one where it is no setting."""


def of(kind: type[Model], raw: Mapping[str, object]) -> list[str]:
    """Return a line for each problem that the settings have."""
    rest = json.loads(json.dumps(raw, default=str))
    schema = kind.model_json_schema()
    found: dict[str, None] = {}
    left_out: LeftOut = {}
    for _ in range(ROUNDS):
        details = _details(kind, rest)
        for detail in details:
            if _is_gap(detail, left_out):
                continue
            lines = wording.lines(detail, schema)
            found.update(dict.fromkeys(line for line in lines if not _is_consequence(line, detail, left_out, schema)))
        before = copy.deepcopy(rest)
        for detail in details:
            _leave_out(rest, detail, left_out, schema)
        if rest == before:
            break
    return list(found)


def _details(kind: type[Model], raw: Mapping[str, object]) -> list[ErrorDetails]:
    try:
        kind.model_validate_json(json.dumps(raw), by_alias=True, by_name=False)
    except ValidationError as error:
        return [detail for detail in error.errors(include_url=False) if not _is_echo(detail)]
    return []


def _is_echo(detail: ErrorDetails) -> bool:
    """Return True where pydantic calls a list too short only because it left out an entry with its own problem."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail.get("ctx", {})["min_length"]


def _is_gap(detail: ErrorDetails, left_out: LeftOut) -> bool:
    """Return True where something is missing, or too few, only because it was left out."""
    place = _place(detail)
    if detail["type"] == "missing":
        return place in left_out
    return detail["type"] == "too_short" and any(entry[: len(place)] == place for entry in left_out)


def _is_consequence(line: str, detail: ErrorDetails, left_out: LeftOut, schema: Schema) -> bool:
    """Return True for a conflict that names a key which was left out: with the right value there may be none."""
    if detail["type"] != CONFLICTS:
        return False
    place = _place(detail)
    keys = [tuple(key.split(".")) for key in KEYS.findall(line.removeprefix(wording.path_of(detail["loc"])))]
    named = [key for key in keys if place or len(key) > 1]
    hiding = [meant for left, meant in left_out.items() if meant and (meant == left or meant[:-1] == place)]
    inside = [meant[len(place) :] for meant in hiding if meant[: len(place)] == place]
    return any(_is_named(entry, key, place, schema) for entry in inside for key in named)


def _is_named(entry: Place, key: Place, place: Place, schema: Schema) -> bool:
    """Return True where a key is the entry, is in it, or is the map that the entry is of; both seen from a place."""
    common = min(len(entry), len(key))
    of_a_map = common > 0 and "properties" not in below(schema, (*place, entry[0]))
    return common > 0 and entry[:common] == key[:common] and (common == len(entry) or of_a_map)


def _leave_out(rest: Any, detail: ErrorDetails, left_out: LeftOut, schema: Schema) -> None:
    place = _place(detail)
    meant = _meant(place, schema) if detail["type"] == "extra_forbidden" else None
    if detail["type"] == "missing" and place not in STAND_INS:
        place = place[:-1]
    # An entry of a list goes with its whole list: the others would get other numbers.
    while place and isinstance(place[-1], int):
        place = place[:-1]
    if not place:
        return
    left_out[place] = meant if detail["type"] == "extra_forbidden" else place
    parent = _at(rest, place[:-1])
    if not isinstance(parent, dict):
        return
    if place in STAND_INS:
        parent[str(place[-1])] = STAND_INS[place]
    else:
        parent.pop(str(place[-1]), None)


def _meant(place: Place, schema: Schema) -> Place | None:
    """Return the setting that a mistyped key of a branch means: it hides conflicts of that branch, and no others."""
    close = wording.suggestion(place, schema)
    return (*place[:-1], close) if close and len(place) > 1 else None


def _place(detail: ErrorDetails) -> Place:
    return tuple(part for part in detail["loc"] if part != wording.KEY)


def _at(rest: Any, place: Place) -> Any:
    for part in place:
        if isinstance(rest, dict):
            rest = rest.get(part)
        else:
            rest = rest[part] if isinstance(rest, list) and isinstance(part, int) and part < len(rest) else None
    return rest
