"""Trees of mappings, lists and plain values, such as Helm values, manifests and settings, and their comparison."""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple


class Absent(Enum):
    """The value of a field that does not exist."""

    ABSENT = "nothing"


ABSENT = Absent.ABSENT


class Place(NamedTuple):
    """Place of a value: as shown to a reader, as a pattern with `[]` for each item, and as a JSON pointer."""

    path: str = ""
    pattern: str = ""
    pointer: str = ""

    def field(self, key: str) -> "Place":
        escaped = key.replace("~", "~0").replace("/", "~1")
        return Place(f"{self.path}.{key}".lstrip("."), f"{self.pattern}.{key}".lstrip("."), f"{self.pointer}/{escaped}")

    def item(self, index: int, label: object) -> "Place":
        return Place(f"{self.path}[{label}]", f"{self.pattern}[]", f"{self.pointer}/{index}")


def value_at(tree: Any, path: str) -> Any:
    """Return the value at a path such as "pilot.env"; None without one, and the whole tree for an empty path."""
    for key in filter(None, path.split(".")):
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree


Fields = Iterator[tuple[str, Any, Any]]
"""Keys of two mappings with both values, ABSENT on the side that lacks the key."""


def paired_fields(before: Mapping, after: Mapping) -> Fields:
    """Pair the fields of two mappings, those of `before` first."""
    return ((key, before.get(key, ABSENT), after.get(key, ABSENT)) for key in dict.fromkeys([*before, *after]))


Items = list[tuple[object, int | None, int | None]]
"""Items as a label for the reader and the places in both lists; None if a list lacks the item."""


def paired_items(before: Sequence, after: Sequence, keys: Sequence[str]) -> Items:
    """Pair items by the first key that names all of them, or if no key does those that differ by their places."""
    for key in keys:
        old, new = ([_name(item, key) for item in items] for items in (before, after))
        if all(None not in names and len(set(names)) == len(names) for names in (old, new)):
            return [(name, _place(old, name), _place(new, name)) for name in dict.fromkeys([*old, *new])]
    return _by_place(before, after)


def _name(item: object, key: str) -> str | None:
    """Return the item's name; a Gateway's servers have it in their port."""
    value = item.get(key) if isinstance(item, Mapping) else None
    value = value.get("name") if isinstance(value, Mapping) else value
    return None if value is None else str(value)


def _place(names: list[str | None], name: str | None) -> int | None:
    return names.index(name) if name in names else None


def _by_place(before: Sequence, after: Sequence) -> Items:
    """Pair the items between the equal ones at both ends one by one, so that an insertion is one difference."""
    shorter = min(len(before), len(after))
    start = next((index for index in range(shorter) if before[index] != after[index]), shorter)
    rest = shorter - start
    end = next((index for index in range(rest) if before[-1 - index] != after[-1 - index]), rest)
    old, new = range(start, len(before) - end), range(start, len(after) - end)
    longer = max(old, new, key=len)
    return [(index, index if index in old else None, index if index in new else None) for index in longer]


def unequal(before: Mapping, after: Mapping, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Yield the path and both values of each leaf that differs; lists are leaves, and null is an absent field."""
    for key, *values in sorted(paired_fields(before, after), key=lambda field: str(field[0])):
        old, new = (ABSENT if value is None else value for value in values)
        below = f"{path}.{key}".lstrip(".")
        if isinstance(old, dict) or isinstance(new, dict):
            one_branch, other_branch = (value if isinstance(value, dict) else {} for value in (old, new))
            yield from unequal(one_branch, other_branch, below)
            # If a branch replaces a leaf, the leaf itself is yielded too.
            old, new = (ABSENT if isinstance(value, dict) else value for value in (old, new))
        if old != new:
            yield below, old, new
