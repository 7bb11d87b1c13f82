"""The sections of values, those of the stack file and of the resources: the differences, each with its path."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import yaml

from operations.pull_request import manifests
from operations.pull_request.checkout import Config
from operations.pull_request.engine import Resource, Step
from operations.pull_request.markdown import both_values, code, fenced, folded, is_short, table
from pi_mesh.tree_diff import ABSENT, ITSELF, paired_fields, paired_items
from pi_mesh.words import counted

IDENTITIES = ("name", "prefix", "exact", "host", "service", "uri", "number", "port", ITSELF)
"""Keys that identify an item of a list on both sides: the first one that all items have."""

INTERNAL = "__"
"""Prefix of the inputs that Pulumi keeps for itself, such as the code of a dynamic provider."""


@dataclass(frozen=True)
class Difference:
    """The values at one path; None on the side that does not have it."""

    path: str
    before: Any
    after: Any
    item: "Difference | None" = None
    """The whole item of the outermost list that contains the value."""


def differences_between(before: Any, after: Any) -> list[Difference]:
    """Return all differences of two trees of mappings, lists and plain values, in the order of their paths."""
    return sorted(_differences("", before, after), key=lambda difference: difference.path)


def _differences(path: str, before: Any, after: Any, item: Difference | None = None) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key, old, new in paired_fields(before, after):
            if not str(key).startswith(INTERNAL):
                yield from _differences(f"{path}.{key}".removeprefix("."), old, new, item)
    elif isinstance(before, list) and isinstance(after, list):
        # Without a difference inside, the same items stand in another order.
        yield from [*_item_differences(path, before, after, item)] or _changed(path, before, after, item)
    else:
        yield from _changed(path, before, after, item)


def _changed(path: str, before: Any, after: Any, item: Difference | None) -> Iterator[Difference]:
    if before != after or type(before) is not type(after):
        old, new = (None if value is ABSENT else value for value in (before, after))
        yield Difference(path, old, new, item)


def _item_differences(path: str, before: list, after: list, outer: Difference | None) -> Iterator[Difference]:
    pairs = paired_items(before, after, IDENTITIES)
    removed = {old for _, old, new in pairs if new is None}
    added = {new for _, old, new in pairs if old is None}
    for _, old, new in pairs:
        if new is None and old in added:
            continue  # the item that is now in its place is compared with it
        place = f"{path}[{old if new is None else new}]"
        is_in_place = old is None and new in removed
        values = _item(before, new if is_in_place else old), _item(after, new)
        item = outer or Difference(place, *values)
        yield from (_differences if old is not None and new is not None else _changed)(place, *values, item)


def _item(items: list, index: int | None) -> Any:
    return None if index is None else items[index]


MOST_VALUES = 8
LEFT = ":--"


def settings_section(before: Config, after: Config) -> str:
    """Return a table of the plain values, and below it every changed item of a list or branch."""
    differences = differences_between(before, after)
    rows = [(code(entry.path), both_values(entry.before, entry.after)) for entry in differences if _is_plain(entry)]
    whole = [entry.item or entry for entry in differences if not _is_plain(entry)]
    items = {entry.path: entry for entry in whole}
    parts = [table(("key", "change"), rows, LEFT)] if rows else []
    parts += [f"{code(entry.path)}:\n{fenced(_diff(entry))}" for entry in items.values()]
    return "\n\n".join(["#### Settings", *parts]) if parts else ""


def _is_plain(entry: Difference) -> bool:
    is_tree = isinstance(entry.before, dict | list) or isinstance(entry.after, dict | list)
    return entry.item is None and not is_tree and is_short(entry.before, entry.after)


def _diff(entry: Difference) -> str:
    return manifests.whole_diff(_yaml(entry.before), _yaml(entry.after))


def _yaml(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else yaml.safe_dump(value, sort_keys=False, width=inf)


def resources_section(steps: Iterable[Step]) -> str:
    """Return the folded table of all changed resources."""
    rows = [_row(step) for step in steps]
    if not rows:
        return ""
    return folded(f"{counted(len(rows), 'resource')} of the stack", table(("resource", "change", "values"), rows, LEFT))


def _row(step: Step) -> tuple[str, str, str]:
    resource = step.resource
    title = f"{code(resource.name)} ({resource.type.rpartition(':')[2]})"
    verb = f"**replace** (for {', '.join(map(code, step.keys))})" if step.verb == "replace" else step.verb
    values = _values(step.before, step.after) if step.before and step.after else ""
    return title, verb, values


def _values(before: Resource, after: Resource) -> str:
    differences = differences_between(before.inputs, after.inputs)
    lines = [f"{code(entry.path)}: {_value_change(entry)}" for entry in differences[:MOST_VALUES]]
    more = len(differences) - MOST_VALUES
    return "<br>".join([*lines, *([f"and {more} more, in the rendered objects"] if more > 0 else [])])


def _value_change(entry: Difference) -> str:
    is_whole = is_short(entry.before, entry.after)
    return both_values(entry.before, entry.after) if is_whole else "see the rendered objects"
