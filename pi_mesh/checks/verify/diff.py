"""Comparison of a live object with its manifest, including fields and list items that were added."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from pi_mesh.cluster.helm_releases import Loader, same_text
from pi_mesh.quantities import same_quantity
from pi_mesh.tree_diff import ABSENT, Place, paired_fields, paired_items
from pi_mesh.words import text_before

LONGEST = 60
FILE = Path(__file__).with_suffix(".yml")


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


def change_in_words(live: object, target: object) -> str:
    if target is ABSENT:
        return f"{shorten(live)} goes"
    return f"becomes {shorten(target)}" if live is ABSENT else f"{shorten(live)} becomes {shorten(target)}"


@dataclass(frozen=True)
class Comparison:
    """The fields of a kind that may differ from the manifest, as in diff.yml."""

    exact: bool = False
    written: Collection[str] = ()
    filled: Collection[str] = ()
    defaults: Mapping[str, object] = field(default_factory=dict)
    same: Mapping[str, str] = field(default_factory=dict)


@cache
def comparisons() -> Mapping[str, Comparison]:
    """Return the rules of diff.yml by kind."""
    kinds = yaml.load(FILE.read_text(encoding="utf-8"), Loader=Loader)
    return {kind: Comparison(**rules) for kind, rules in kinds.items()}


def comparison_rules(manifest: Mapping[str, object]) -> Comparison:
    """Return the comparison rules for the manifest's kind; Istio's own kinds have no defaults."""
    group = text_before(str(manifest.get("apiVersion", "")), "/")
    return comparisons().get(str(manifest.get("kind")), Comparison(exact=group.endswith(".istio.io")))


NAMED_BY = ("name", "mountPath", "containerPort", "port", "key")
"""Keys by which the API server merges the items of lists."""
SKIPPED = ("apiVersion", "kind", "status")
QUANTITIES = ("requests", "limits", "hard", "default", "defaultRequest", "min", "max")
"""Fields whose members are quantities, which are compared by amount; other texts are compared as written."""
ALONE = ("divisor", "sizeLimit", "averageValue")
"""Fields that are quantities themselves."""
METADATA = ("metadata.labels", "metadata.annotations")
RESTARTED = "kubectl.kubernetes.io/restartedAt"
"""Annotation that `kubectl rollout restart` adds to a pod template."""


def differences(expected: Mapping, live: Mapping, defaulted: Mapping | None = None) -> Iterator[Difference]:
    """Compare an object with its manifest; `defaulted` is the manifest with the API server's defaults, if requested."""
    comparison = _Comparison(comparison_rules(expected), defaulted is not None)
    for key, mine, theirs in paired_fields(expected, live):
        if key not in SKIPPED:
            yield from comparison.values(mine, theirs, (defaulted or {}).get(key, ABSENT), Place().field(key))


def needs_defaults(expected: Mapping, live: Mapping) -> bool:
    """Return True if only the API server can tell whether a field was added."""
    return any(entry.uncertain for entry in differences(expected, live))


@dataclass(frozen=True)
class _Comparison:
    kind: Comparison
    asked: bool

    def values(self, expected: object, live: object, defaulted: object, at: Place) -> Iterator[Difference]:
        if at.pattern in self.kind.written:
            return
        if expected is None or expected is ABSENT:
            yield from self._added(live, defaulted, at)
        elif isinstance(expected, dict) and isinstance(live, dict):
            yield from self._fields(expected, live, defaulted, at)
        elif isinstance(expected, list) and isinstance(live, list):
            yield from self._items(expected, live, defaulted, at)
        elif _empty(expected) and (live is ABSENT or _empty(live)):
            return
        elif live is ABSENT and not expected:
            # The API server drops some fields with a false or empty value, and keeps others.
            if not (self.asked and defaulted is ABSENT):
                yield Difference(at, expected, live, uncertain=not self.asked and not self.kind.exact)
        elif not _same(expected, live, at):
            yield Difference(at, expected, live)

    def _added(self, live: object, defaulted: object, at: Place) -> Iterator[Difference]:
        is_filled = at.pattern in self.kind.filled or self.kind.defaults.get(at.pattern) == live
        if is_filled or live is ABSENT or _empty(live):
            return
        if defaulted is not ABSENT:
            yield from self.values(defaulted, live, ABSENT, at)
        else:
            yield Difference(at, ABSENT, live, uncertain=not self.asked and not self.kind.exact)

    def _fields(self, expected: dict, live: dict, defaulted: object, at: Place) -> Iterator[Difference]:
        known = defaulted if isinstance(defaulted, dict) else {}
        for key, mine, theirs in paired_fields(expected, live):
            below = at.field(key)
            if mine is ABSENT and (_others_note(at.pattern, key) or self._as_beside(below, live)):
                continue
            mine = {} if mine is ABSENT and below.pattern in METADATA else mine
            yield from self.values(mine, theirs, known.get(key, ABSENT), below)

    def _as_beside(self, at: Place, live: dict) -> bool:
        other = self.kind.same.get(at.pattern)
        return other is not None and live.get(at.pattern.rpartition(".")[2]) == live.get(other)

    def _items(self, expected: list, live: list, defaulted: object, at: Place) -> Iterator[Difference]:
        known = defaulted if isinstance(defaulted, list) else []
        for label, mine, theirs in paired_items(expected, live, NAMED_BY):
            place = at.item(len(live) if theirs is None else theirs, label)
            if mine is None:
                yield Difference(place, ABSENT, live[theirs or 0])
            elif theirs is None:
                yield Difference(place, expected[mine], ABSENT)
            else:
                # A manifest's items keep their places when the API server adds defaults.
                default = known[mine] if len(known) == len(expected) else ABSENT
                yield from self.values(expected[mine], live[theirs], default, place)


def _others_note(pattern: str, key: str) -> bool:
    """Return True for a label or annotation that anybody may add: it means nothing to Istio, and restarts no pods."""
    if pattern == "metadata":
        return f"metadata.{key}" not in METADATA
    return key == RESTARTED or (pattern in METADATA and "istio" not in key)


def _empty(value: object) -> bool:
    return all(map(_empty, value.values())) if isinstance(value, dict) else value in (None, "", [])


def _same(expected: object, live: object, at: Place) -> bool:
    if expected == live and isinstance(expected, bool) == isinstance(live, bool):
        return True
    *_, parent, name = ("", *at.pattern.split("."))
    return same_quantity(expected, live) if name in ALONE or parent in QUANTITIES else same_text(expected, live)
