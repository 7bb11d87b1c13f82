"""Every problem of a stack's settings at once.

pydantic judges how fields go together only where each of them is right by itself. Here what is wrong is left out and
the rest is judged again, until nothing new is found.
"""

import copy
import json
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


def of(kind: type[Model], raw: Mapping[str, object]) -> list[str]:
    """Return a line for each problem that the settings have."""
    rest = json.loads(json.dumps(raw, default=str))
    schema = kind.model_json_schema()
    found: dict[str, None] = {}
    left_out: set[Place] = set()
    for _ in range(ROUNDS):
        details = _details(kind, rest)
        for detail in details:
            if _is_gap(detail, left_out):
                continue
            lines = wording.lines(detail, schema)
            found.update(dict.fromkeys(line for line in lines if not _is_consequence(line, detail, left_out, schema)))
        before = copy.deepcopy(rest)
        for detail in details:
            _leave_out(rest, detail, left_out)
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


def _is_gap(detail: ErrorDetails, left_out: set[Place]) -> bool:
    """Return True where something is missing, or too few, only because it was left out."""
    place = _place(detail)
    if detail["type"] == "missing":
        return place in left_out
    return detail["type"] == "too_short" and any(entry[: len(place)] == place for entry in left_out)


def _is_consequence(line: str, detail: ErrorDetails, left_out: set[Place], schema: Schema) -> bool:
    """Return True for a conflict that names a key which was left out: with the right value there may be none."""
    if detail["type"] != CONFLICTS:
        return False
    place, named = _place(detail), line.removeprefix(wording.path_of(detail["loc"]))
    inside = [entry[len(place) :] for entry in left_out if entry[: len(place)] == place and len(entry) > len(place)]
    return any(part in named for entry in inside for part in _names(place, entry, schema))


def _names(place: Place, entry: Place, schema: Schema) -> list[str]:
    """Return what a sentence may call the entry: its own key, and the map's where it is one of a map."""
    of_a_map = "properties" not in below(schema, (*place, entry[0]))
    return [str(part) for part in (entry if of_a_map else entry[-1:])]


def _leave_out(rest: Any, detail: ErrorDetails, left_out: set[Place]) -> None:
    place = _place(detail)
    if detail["type"] == "missing" and place not in STAND_INS:
        place = place[:-1]
    # An entry of a list goes with its whole list: the others would get other numbers.
    while place and isinstance(place[-1], int):
        place = place[:-1]
    if not place:
        return
    left_out.add(place)
    parent = _at(rest, place[:-1])
    if not isinstance(parent, dict):
        return
    if place in STAND_INS:
        parent[str(place[-1])] = STAND_INS[place]
    else:
        parent.pop(str(place[-1]), None)


def _place(detail: ErrorDetails) -> Place:
    return tuple(part for part in detail["loc"] if part != wording.KEY)


def _at(rest: Any, place: Place) -> Any:
    for part in place:
        if isinstance(rest, dict):
            rest = rest.get(part)
        else:
            rest = rest[part] if isinstance(rest, list) and isinstance(part, int) and part < len(rest) else None
    return rest
