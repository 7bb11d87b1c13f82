"""The error for invalid settings of a stack, with a line for every problem: the key, the value, what is allowed."""

import copy
import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from pi_mesh.catalog import istio
from pi_mesh.model import ALLOWED, CONFLICTS, WITHOUT_CONFLICTS, Model
from pi_mesh.settings.reference import Schema, below
from pi_mesh.words import counted


class SettingsError(ValueError):
    """The stack's settings are invalid; `problems` has a line for each reason."""

    def __init__(self, problems: Iterable[str], rest: Model | None = None, left_out: Iterable[str] = ()) -> None:
        """Store the problems, together with the valid part of the settings so that other checks can judge it.

        `rest` is the settings without the invalid ones, or None if too little is left. `left_out` has the keys of the
        invalid ones.
        """
        self.problems, self.rest, self.left_out = tuple(problems), rest, tuple(left_out)
        count = counted(len(self.problems), "problem")
        super().__init__("\n".join([f"{count} in the stack's settings:", *(f"  {p}" for p in self.problems)]))


LONGEST_VALUE = 80
KEY = "[key]"
"""pydantic's mark after the name of an invalid key."""
WORDS = {
    "missing": "is required",
    "bool_type": "is neither true nor false; write one of them without quotes",
    "int_type": "is not a whole number; write it without quotes and without a dot",
    "float_type": "is not a number; write it without quotes",
    "model_type": "is not a map of keys; write the keys below it, each with its value",
    "dict_type": "is not a map; write its keys below it, each with its value",
    "tuple_type": "is not a list; write its entries below it, each after a dash",
}
"""Messages by type of error; for other types pydantic's own message is used."""


def messages(detail: ErrorDetails, schema: Schema) -> Iterator[str]:
    """Yield the lines for a problem; `schema` is that of all settings."""
    path, context = path_of(detail["loc"]), detail.get("ctx", {})
    if detail["type"] == CONFLICTS:
        yield from (f"{path}: {sentence}" if path else sentence for sentence in context["sentences"])
    elif detail["type"] == "extra_forbidden":
        close = suggestion(detail["loc"], schema)
        yield f"{path}: is not a setting; {f'did you mean `{close}`?' if close else 'docs/config.md lists them all'}"
    else:
        value = _shown(detail["input"]) if detail["type"] != "missing" else ""
        yield f"{path or 'settings'}: {value}{_message(detail, context, schema)}"


def path_of(location: tuple[int | str, ...]) -> str:
    """Return the config key of a place."""
    path = ""
    for part in location:
        if part != KEY:
            path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".")


def _message(detail: ErrorDetails, context: Mapping[str, Any], schema: Schema) -> str:
    if detail["type"] == "string_type":
        return _no_text(detail, schema)
    if detail["type"] == "too_short":
        return f"has too few entries; it needs at least {context['min_length']}"
    if detail["type"] == "string_too_short":
        return "is empty; give a value, or leave the key out"
    if detail["type"] == "string_too_long":
        return f"is longer than {context['max_length']} characters"
    if allowed := ALLOWED.get(context.get("pattern", "")):
        return f"is not {allowed}"
    message = WORDS.get(detail["type"]) or detail["msg"].removeprefix("Value error, ")
    return f"{message[0].lower()}{message[1:]}"


def _no_text(detail: ErrorDetails, schema: Schema) -> str:
    """Return the message for a value that is not text: YAML reads `1.20` as 1.2 and, in some readers, `on` as true."""
    value, allowed = detail["input"], below(schema, detail["loc"]).get("allowed", "")
    meant = f", so that it is {allowed}" if allowed else ""
    if isinstance(value, bool):
        return f"is true or false in YAML, as are on, off, yes and no; put it in quotes{meant}"
    if isinstance(value, float):
        return f"is a number in YAML, where 1.20 is 1.2; put it in quotes{meant}"
    if isinstance(value, int):
        return f"is a number in YAML; put it in quotes{meant}"
    return "is not text" + (f"; it must be {allowed}" if allowed else "")


def suggestion(place: tuple[int | str, ...], schema: Schema) -> str | None:
    """Return the setting whose name is closest to an unknown key."""
    *branch, wrong = place
    names = list(below(schema, tuple(branch)).get("properties", {}))
    return next(iter(difflib.get_close_matches(to_camel(str(wrong)), names)), None)


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ""
    text = "nothing" if value is None else repr(value)
    return f"{text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + '…'}: "


Place = tuple[int | str, ...]
LeftOut = dict[Place, Place | None]
"""Places of the settings that were left out, each with the setting that it means; None if that is unknown."""
KEYS = re.compile(r"[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)*")
"""Pattern of a config key in a sentence. In conflicts of the whole tree only a path with a dot counts as a key."""


def is_consequence(line: str, place: Place, left_out: LeftOut, schema: Schema) -> bool:
    """Return True for a conflict that names a left-out setting and may disappear once that setting is valid."""
    keys = [tuple(key.split(".")) for key in KEYS.findall(line.removeprefix(path_of(place)))]
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


def meant_setting(place: Place, schema: Schema) -> Place | None:
    """Return the setting that a mistyped key means; only conflicts of its own branch can depend on it."""
    close = suggestion(place, schema)
    return (*place[:-1], close) if close and len(place) > 1 else None


# Every problem of a stack's settings at once.
# pydantic checks conflicts between fields only if each field is valid by itself. Here invalid settings are left out and
# the rest is validated again, until no new problem is found.

STAND_INS: dict[Place, object] = {
    ("cluster",): {"context": "some"},
    ("cluster", "context"): "some",
    ("istio",): {"version": f"1.{istio.NEWEST}.0"},
    ("istio", "version"): f"1.{istio.NEWEST}.0",
}
"""Stand-ins for required keys that are invalid or missing, so that the rest can be validated."""
ROUNDS = 20


@dataclass(frozen=True)
class Problems:
    """The problems of settings, and their valid part."""

    lines: list[str]
    """One line for each problem."""
    rest: Model | None
    """The settings without the invalid ones, possibly with conflicts; None if too little is left."""
    left_out: tuple[str, ...]
    """Config keys of the invalid settings."""


def problem_lines(kind: type[Model], raw: Mapping[str, object]) -> list[str]:
    """Return a line for each problem of the settings."""
    return every_problem(kind, raw).lines


def every_problem(kind: type[Model], raw: Mapping[str, object]) -> Problems:
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
    return Problems(list(found), _model(kind, rest), tuple(map(path_of, left_out)))


def _lines(detail: ErrorDetails, left_out: LeftOut, schema: Schema) -> Iterator[str]:
    for line in messages(detail, schema):
        if detail["type"] != CONFLICTS or not is_consequence(line, _place(detail), left_out, schema):
            yield line


def _model(kind: type[Model], raw: Mapping[str, object]) -> Model | None:
    try:
        return kind.model_validate_json(json.dumps(raw), by_alias=True, by_name=False, context=WITHOUT_CONFLICTS)
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
    meant = meant_setting(place, schema) if detail["type"] == "extra_forbidden" else None
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
    return tuple(part for part in detail["loc"] if part != KEY)


def _at(rest: Any, place: Place) -> Any:
    for part in place:
        if isinstance(rest, dict):
            rest = rest.get(part)
        else:
            rest = rest[part] if isinstance(rest, list) and isinstance(part, int) and part < len(rest) else None
    return rest
