"""Every problem of a stack's settings at once.

pydantic checks conflicts between fields only if each field is valid by itself. Here invalid settings are left out and
the rest is validated again, until no new problem is found.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pi_mesh.catalog import istio
from pi_mesh.model.base import CONFLICTS, EACH_ALONE, Model
from pi_mesh.settings import consequence, wording
from pi_mesh.settings.consequence import LeftOut, Place
from pi_mesh.settings.reference import Schema

STAND_INS: dict[Place, object] = {
    ("cluster",): {"context": "some"},
    ("cluster", "context"): "some",
    ("istio",): {"version": f"1.{istio.NEWEST}.0"},
    ("istio", "version"): f"1.{istio.NEWEST}.0",
}
"""Stand-ins for required keys that are invalid or missing, so that the rest can be validated."""
ROUNDS = 20


@dataclass(frozen=True)
class Judged:
    """The problems of settings, and their valid part."""

    lines: list[str]
    """One line for each problem."""
    rest: Model | None
    """The settings without the invalid ones, possibly with conflicts; None if too little is left."""
    left_out: tuple[str, ...]
    """Config keys of the invalid settings."""


def of(kind: type[Model], raw: Mapping[str, object]) -> list[str]:
    """Return a line for each problem of the settings."""
    return judged(kind, raw).lines


def judged(kind: type[Model], raw: Mapping[str, object]) -> Judged:
    """Return every problem and the valid part of the settings."""
    rest = json.loads(json.dumps(raw, default=str))
    schema = kind.model_json_schema()
    found: dict[str, None] = {}
    left_out: LeftOut = {}
    for _ in range(ROUNDS):
        details = _details(kind, rest)
        for detail in details:
            if not _is_gap(detail, left_out):
                found.update(dict.fromkeys(_lines(detail, left_out, schema)))
        before = copy.deepcopy(rest)
        for detail in details:
            _leave_out(rest, detail, left_out, schema)
        if rest == before:
            break
    return Judged(list(found), _model(kind, rest), tuple(map(wording.path_of, left_out)))


def _lines(detail: ErrorDetails, left_out: LeftOut, schema: Schema) -> Iterator[str]:
    for line in wording.lines(detail, schema):
        if detail["type"] != CONFLICTS or not consequence.is_one(line, _place(detail), left_out, schema):
            yield line


def _model(kind: type[Model], raw: Mapping[str, object]) -> Model | None:
    try:
        return kind.model_validate_json(json.dumps(raw), by_alias=True, by_name=False, context=EACH_ALONE)
    except ValidationError:
        return None


def _details(kind: type[Model], raw: Mapping[str, object]) -> list[ErrorDetails]:
    try:
        kind.model_validate_json(json.dumps(raw), by_alias=True, by_name=False)
    except ValidationError as error:
        return [detail for detail in error.errors(include_url=False) if not _is_echo(detail)]
    return []


def _is_echo(detail: ErrorDetails) -> bool:
    """Return True if pydantic calls a list too short only because it left out an invalid entry."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail.get("ctx", {})["min_length"]


def _is_gap(detail: ErrorDetails, left_out: LeftOut) -> bool:
    """Return True if a setting is missing, or a list too short, only because a setting was left out."""
    place = _place(detail)
    if detail["type"] == "missing":
        return place in left_out
    return detail["type"] == "too_short" and any(entry[: len(place)] == place for entry in left_out)


def _leave_out(rest: Any, detail: ErrorDetails, left_out: LeftOut, schema: Schema) -> None:
    place = _place(detail)
    meant = consequence.meant(place, schema) if detail["type"] == "extra_forbidden" else None
    if detail["type"] == "missing" and place not in STAND_INS:
        place = place[:-1]
    # An invalid entry is left out with its whole list, because the other entries would be renumbered.
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


def _place(detail: ErrorDetails) -> Place:
    return tuple(part for part in detail["loc"] if part != wording.KEY)


def _at(rest: Any, place: Place) -> Any:
    for part in place:
        if isinstance(rest, dict):
            rest = rest.get(part)
        else:
            rest = rest[part] if isinstance(rest, list) and isinstance(part, int) and part < len(rest) else None
    return rest
