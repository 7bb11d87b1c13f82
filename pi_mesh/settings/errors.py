"""The error for invalid settings of a stack, with a line for every problem: the key, the value, what is allowed."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, ValidationError

from pi_mesh.model import ALLOWED, LOGIN_IN_URL, Model
from pi_mesh.words import counted

Schema = dict[str, Any]


class SettingsError(ValueError):
    """The stack's settings are invalid; `problems` has a line for each reason."""

    def __init__(self, problems: Iterable[str], rest: Model | None = None) -> None:
        """Store the problems; `rest` is the settings if each field is valid, so that other checks can judge them."""
        self.problems, self.rest = tuple(problems), rest
        count = counted(len(self.problems), "problem")
        super().__init__("\n".join([f"{count} in the stack's settings:", *(f"  {p}" for p in self.problems)]))


LONGEST_VALUE = 80
NUMBERS = {"int_type": "a whole number", "float_type": "a number"}
"""Words of the types of error of what is no number, where the setting has a unit."""
KEY = "[key]"
"""pydantic's mark after the name of an invalid key."""
WORDS = {
    "missing": "is required",
    "greater_than_equal": "is less than {ge}",
    "less_than_equal": "is more than {le}",
    "literal_error": "is not {expected}",
    "too_short": "has too few entries; it needs at least {min_length}",
    "string_too_short": "is empty; give a value, or leave the key out",
    "string_too_long": "is longer than {max_length} characters",
    "bool_type": "is neither true nor false; write one of them without quotes",
    "int_type": "is not a whole number; write it without quotes and without a dot",
    "float_type": "is not a number; write it without quotes",
    "model_type": "is not a map of keys; write the keys below it, each with its value",
    "dict_type": "is not a map; write its keys below it, each with its value",
    "tuple_type": "is not a list; write its entries below it, each after a dash",
}
"""Messages by type of error, with keys of its context; for other types pydantic's own message is used."""


DEEPEST = 100
"""Levels of keys in a setting; pydantic reads 200."""


def refuse_depth(raw: Mapping[str, object]) -> None:
    level: list[tuple[tuple[int | str, ...], object]] = [((), raw)]
    for _ in range(DEEPEST):
        level = [((*place, key), entry) for place, value in level for key, entry in _entries(value)]
    if level:
        (place, _), *_ = level
        raise _too_deep(f"{path_of(place)[:LONGEST_VALUE]}…")


def _too_deep(place: str) -> SettingsError:
    return SettingsError([f"{place}: has more than {DEEPEST} levels of keys; write fewer"])


@contextmanager
def limited_depth(place: str) -> Iterator[None]:
    """Refuse what the block reads from a place, a key or a file, with more levels than Python's readers follow."""
    try:
        yield
    except RecursionError:
        raise _too_deep(place) from None


def _entries(value: object) -> Iterable[tuple[int | str, object]]:
    return value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()


def field_problems(kind: type[Model], error: ValidationError) -> list[str]:
    """Return a line for each invalid field of the settings."""
    schema = kind.model_json_schema()
    return [_line(detail, schema) for detail in error.errors(include_url=False) if not _is_echo(detail)]


def _is_echo(detail: ErrorDetails) -> bool:
    """Return True if pydantic calls a list too short only because it left out an invalid entry."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail.get("ctx", {})["min_length"]


def _line(detail: ErrorDetails, schema: Schema) -> str:
    path, context = path_of(detail["loc"]), detail.get("ctx", {})
    if detail["type"] == "extra_forbidden":
        if dotted := _dotted(detail["loc"], schema):
            again = f"`pulumi config set --path {dotted} VALUE`"
            return f"{path}: was set without `--path`; `pulumi config rm {path}`, then {again}"
        if ours := _of_istio(detail["loc"], schema):
            names = ", ".join(f"`{name}`" for name in ours)
            return f"{path}: is Istio's spelling; here it is {names}: docs/{detail['loc'][0]}.md"
        close = suggestion(detail["loc"], schema)
        section = f"#{detail['loc'][0]}" if str(detail["loc"][0]) in schema["properties"] else ""
        listed = f"docs/config.md{section.lower()} lists them all"
        return f"{path}: is not a setting; {f'did you mean `{close}`?' if close else listed}"
    message = _message(detail, context, schema)
    is_hidden = detail["type"] == "missing" or message.startswith((LOGIN_IN_URL, "is empty; write"))
    value = "" if is_hidden else _shown(detail["input"])
    return f"{path or 'settings'}: {value}{message}"


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
    if detail["input"] is None and detail["type"] in ("model_type", "dict_type", "tuple_type"):
        return "is empty; write the keys below it, or leave it out"
    if allowed := ALLOWED.get(context.get("pattern", "")):
        return f"is not {allowed}"
    if detail["type"] in NUMBERS and (unit := below(schema, detail["loc"]).get("unit")):
        return f"is not {NUMBERS[detail['type']]}; write {unit}, without quotes"
    if words := WORDS.get(detail["type"]):
        return words.format(**context)
    message = detail["msg"].removeprefix("Value error, ")
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
        return f"is a number; put it in quotes, or write it with `pulumi config set --type string`{meant}"
    return "is not text" + (f"; it must be {allowed}" if allowed else "")


def below(schema: Schema, place: tuple[int | str, ...]) -> Schema:
    """Return the schema of the settings at a place; empty if there is no such place."""
    entry = schema
    for part in place:
        at_part = resolved(schema, entry)
        own = at_part.get("properties", {}).get(part)
        entry = own or next(iter(inner_schemas(at_part)), {})
    return resolved(schema, entry) if entry else {}


def resolved(schema: Schema, entry: Schema) -> Schema:
    """Return the definition that an entry of the schema refers to, or the entry itself."""
    for option in entry.get("anyOf", ()):
        if option.get("type") != "null":
            entry = {**entry, **option}
    name = entry.get("$ref", "").rpartition("/")[2]
    return schema["$defs"][name] if name else entry


def inner_schemas(entry: Schema) -> list[Schema]:
    """Return the schemas of the entries of a list or map."""
    candidates = (entry.get("items"), entry.get("additionalProperties"), *entry.get("patternProperties", {}).values())
    return [inner for inner in candidates if isinstance(inner, dict)]


def _dotted(place: tuple[int | str, ...], schema: Schema) -> str:
    """Return the path that an unknown first-level key means, such as `istio.version` and `istio_version`; else ""."""
    words = tuple(to_camel(word) for word in str(place[0]).replace("_", ".").split("."))
    is_path = len(place) == 1 and len(words) > 1 and words[-1] in below(schema, words[:-1]).get("properties", {})
    return ".".join(words) if is_path else ""


def _of_istio(place: tuple[int | str, ...], schema: Schema) -> list[str]:
    """Return the settings that an unknown key of Istio's own object means."""
    fields = below(schema, place[:-1]).get("properties", {})
    return [name for name, field in fields.items() if field.get("istio") == place[-1]]


def suggestion(place: tuple[int | str, ...], schema: Schema) -> str | None:
    """Return the setting whose name is closest to an unknown key."""
    from difflib import get_close_matches

    *branch, wrong = place
    names = list(below(schema, tuple(branch)).get("properties", {}))
    return next(iter(get_close_matches(to_camel(str(wrong)), names)), None)


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ""
    words = {None: "nothing", True: "true", False: "false"}
    text = words[value] if value is None or isinstance(value, bool) else repr(value)
    return f"{text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + '…'}: "
