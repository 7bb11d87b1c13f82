"""One difference between a manifest and a live object: its place, and both values."""

from dataclasses import dataclass
from typing import NamedTuple

from pi_mesh.values.differing import ABSENT

LONGEST = 60


class Place(NamedTuple):
    """Place of a field: as shown to a reader, as a pattern of `kinds`, and as a JSON pointer."""

    path: str = ""
    pattern: str = ""
    pointer: str = ""

    def field(self, key: str) -> "Place":
        escaped = key.replace("~", "~0").replace("/", "~1")
        return Place(f"{self.path}.{key}".lstrip("."), f"{self.pattern}.{key}".lstrip("."), f"{self.pointer}/{escaped}")

    def item(self, index: int, label: object) -> "Place":
        return Place(f"{self.path}[{label}]", f"{self.pattern}[]", f"{self.pointer}/{index}")


@dataclass(frozen=True)
class Difference:
    """One field or list item that differs from the manifest."""

    place: Place
    wanted: object
    live: object
    uncertain: bool = False
    """True for a difference that a default of the API server may explain."""

    @property
    def added(self) -> bool:
        return self.wanted is ABSENT

    def __str__(self) -> str:
        if self.added:
            return f"{self.place.path}: {shorten(self.live)} was added"
        if self.live is ABSENT:
            return f"{self.place.path}: is missing"
        return f"{self.place.path}: {shorten(self.live)}, not {shorten(self.wanted)}"


def shorten(value: object) -> str:
    """Return a value as messages show it."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
