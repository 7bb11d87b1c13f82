"""The sections of values, those of the stack file and of the resources: the differences, each with its path."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Any

import yaml
from deepdiff import DeepDiff
from deepdiff.helper import CannotCompare

from operations.pull_request import manifests
from operations.pull_request.checkout import Config
from operations.pull_request.engine import Resource, Step
from operations.pull_request.markdown import both_values, code, fenced, folded, is_short, table
from pi_mesh.words import counted, text_before_last

IDENTITIES = ("name", "prefix", "exact", "host", "service", "uri", "number", "port")
"""Keys that identify an item of a list on both sides: the first one that both have."""


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
    found = DeepDiff(
        before, after, view="tree", iterable_compare_func=_is_same_item, threshold_to_diff_deeper=0, verbose_level=2
    )
    moved = set(map(_list_path, found.pop("iterable_item_moved", ())))
    lists = [Difference(path, _at(before, path), _at(after, path)) for path in sorted(moved)]
    values = [_difference(level) for levels in found.values() for level in levels]
    known = {text_before_last(value.item.path, "[") for value in values if value.item}
    reordered = [entry for entry in lists if entry.path not in known and _is_reordered(entry)]
    return sorted([*values, *reordered], key=lambda difference: difference.path)


def _is_same_item(one: Any, other: Any, _level: Any = None) -> bool:
    if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
        return one == other
    for key in IDENTITIES:
        if key in one and key in other:
            return one[key] == other[key]
    raise CannotCompare


def _difference(level: Any) -> Difference:
    path = _path(level)
    return Difference(path, _known_value(level.t1), _known_value(level.t2), _outermost_item(level))


def _outermost_item(level: Any) -> Difference | None:
    top, steps = level.all_up, level.path(output_format="list")
    for step in steps:
        if isinstance(step, int):
            item = top.down
            return Difference(_path(item), _known_value(item.t1), _known_value(item.t2))
        top = top.down
    return None


def _known_value(value: Any) -> Any:
    # deepdiff's mark for a value that a side does not have prints so.
    return None if str(value) == "not present" else value


def _path(level: Any) -> str:
    return joined_path(level.path(output_format="list"))


def joined_path(steps: list[Any]) -> str:
    """Return a path as the settings' reference writes it: `http[0].timeout`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _list_path(level: Any) -> str:
    return joined_path(level.path(output_format="list")[:-1])


def _at(tree: Any, path: str) -> Any:
    for level, value in walk(tree):
        if level == path:
            return value
    return None


def walk(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield every value of a tree with its path, a mapping or list before its content."""
    yield joined_path(list(path)), tree
    steps = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in steps:
        yield from walk(value, (*path, key))


def _is_reordered(entry: Difference) -> bool:
    """Return True where items that both sides have are in another order."""
    if not (isinstance(entry.before, list) and isinstance(entry.after, list)):
        return False
    places = [entry.after.index(item) for item in entry.before if item in entry.after]
    return any(one > other for one, other in pairwise(places))


MOST_VALUES = 8
LEFT = ":--"


def settings_section(before: Config, after: Config) -> str:
    """Return a table of the plain values, and below it every changed item of a list or branch."""
    found = differences_between(before, after)
    plain = [entry for entry in found if _is_plain(entry)]
    items = {entry.path: entry for difference in found if not _is_plain(difference) for entry in [_whole(difference)]}
    rows = [(code(entry.path), both_values(entry.before, entry.after)) for entry in plain]
    parts = [table(("key", "change"), rows, LEFT)] if rows else []
    parts += [f"{code(entry.path)}:\n{fenced(_diff(entry))}" for entry in items.values()]
    return "\n\n".join(["#### Settings", *parts]) if parts else ""


def _is_plain(entry: Difference) -> bool:
    is_tree = isinstance(entry.before, dict | list) or isinstance(entry.after, dict | list)
    return entry.item is None and not is_tree and is_short(entry.before, entry.after)


def _whole(entry: Difference) -> Difference:
    return entry.item or entry


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
    found = differences_between(before.inputs, after.inputs)
    lines = [f"{code(entry.path)}: {_value_change(entry)}" for entry in found[:MOST_VALUES]]
    more = [f"and {len(found) - MOST_VALUES} more, in the rendered objects"] if len(found) > MOST_VALUES else []
    return "<br>".join([*lines, *more])


def _value_change(entry: Difference) -> str:
    if is_short(entry.before, entry.after):
        return both_values(entry.before, entry.after)
    return "see the rendered objects"
