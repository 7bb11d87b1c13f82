"""Values of any type below a resource: found by path, or listed with their paths."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pulumi_policy.proxy import UnknownValueError

from .rule import WrongType

_TYPES = {str: "a text", bool: "true or false", int: "a number", float: "a number"}


def at(tree: Any, path: str) -> Any:
    """Return the value at "pilot.resources", or None; refuse a value that is no map on the way there."""
    walked: list[str] = []
    for key in path.split("."):
        if tree is None:
            return None
        if not isinstance(tree, Mapping):
            raise WrongType(".".join(walked), type_name(tree), "a map")
        walked.append(key)
        tree = tree.get(key)
    return tree


def mapping(tree: Any, path: str) -> Mapping[str, Any]:
    """Return the map at a path; empty if nothing is there."""
    return _typed(tree, path, Mapping, "a map") or {}


def items(tree: Any, path: str) -> Sequence[Any]:
    """Return the list at a path; empty if nothing is there."""
    value = at(tree, path)
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise WrongType(path, type_name(value), "a list")
    return value


def text(tree: Any, path: str) -> str | None:
    return _typed(tree, path, str, "a text")


def texts(tree: Any, path: str) -> list[str]:
    return [as_text(value, f"an entry of {path}") for value in items(tree, path)]


def as_text(value: object, place: str) -> str:
    """Return a value that must be a text."""
    if not isinstance(value, str):
        raise WrongType(place, type_name(value), "a text")
    return value


def amount(tree: Any, path: str) -> float | None:
    value = at(tree, path)
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise WrongType(path, type_name(value), "a number")
    return value


def type_name(value: Any) -> str:
    """Return the type of a value in words; never the value itself, which may be a secret."""
    if isinstance(value, Mapping):
        return "a map"
    return _TYPES.get(type(value), "nothing" if value is None else "a list")


def walk(tree: Any, path: str = "", quiet: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield every value below a tree with its path, the branches included.

    Values that are not known yet are skipped and, unless `quiet`, reported at the end: the engine then says that the
    rule could not be judged.
    """
    unknown: UnknownValueError | None = None
    for key in _keys(tree):
        place = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}".lstrip(".")
        try:
            value = tree[key]
            yield place, value
            yield from walk(value, place)
        except UnknownValueError as error:
            unknown = error
    if unknown and not quiet:
        raise unknown


@contextmanager
def within(place: str) -> Iterator[None]:
    """Add the place of a tree to the type errors inside it."""
    try:
        yield
    except WrongType as error:
        raise error.below(place) from None


def _typed(tree: Any, path: str, expected: type, name: str) -> Any:
    value = at(tree, path)
    if value is None or isinstance(value, expected):
        return value
    raise WrongType(path, type_name(value), name)


def _keys(tree: Any) -> Iterator[str | int]:
    # The engine's lists are proxies: sequences, but no `list`.
    if isinstance(tree, Mapping):
        yield from tree
    elif isinstance(tree, Sequence) and not isinstance(tree, str):
        yield from range(len(tree))
