"""The values in which two trees differ, each with its path; in lists, the items that differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from deepdiff import DeepDiff
from deepdiff.helper import CannotCompare

from pi_mesh.text_parts import before_last

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


def between(before: Any, after: Any) -> list[Difference]:
    """Return all differences of two trees of mappings, lists and plain values, in the order of their paths."""
    found = DeepDiff(
        before, after, view="tree", iterable_compare_func=_is_same_item, threshold_to_diff_deeper=0, verbose_level=2
    )
    moved = set(map(_list_path, found.pop("iterable_item_moved", ())))
    lists = [Difference(path, _at(before, path), _at(after, path)) for path in sorted(moved)]
    values = [_difference(level) for levels in found.values() for level in levels]
    known = {before_last(value.item.path, "[") for value in values if value.item}
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
    return Difference(path, _value(level.t1), _value(level.t2), _outermost_item(level))


def _outermost_item(level: Any) -> Difference | None:
    top, steps = level.all_up, level.path(output_format="list")
    for step in steps:
        if isinstance(step, int):
            item = top.down
            return Difference(_path(item), _value(item.t1), _value(item.t2))
        top = top.down
    return None


def _value(value: Any) -> Any:
    # deepdiff's mark for a value that a side does not have prints so.
    return None if str(value) == "not present" else value


def _path(level: Any) -> str:
    return join(level.path(output_format="list"))


def join(steps: list[Any]) -> str:
    """Return a path as the settings' reference writes it: `http[0].timeout`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _list_path(level: Any) -> str:
    return join(level.path(output_format="list")[:-1])


def _at(tree: Any, path: str) -> Any:
    for level, value in walk(tree):
        if level == path:
            return value
    return None


def walk(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield every value of a tree with its path, a mapping or list before its content."""
    yield join(list(path)), tree
    steps = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in steps:
        yield from walk(value, (*path, key))


def _is_reordered(entry: Difference) -> bool:
    """Return True where items that both sides have are in another order."""
    if not (isinstance(entry.before, list) and isinstance(entry.after, list)):
        return False
    places = [entry.after.index(item) for item in entry.before if item in entry.after]
    return any(one > other for one, other in pairwise(places))
