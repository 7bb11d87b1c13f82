"""The policy rules, bounds and protective settings that a pull request relaxes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from operations.preview.checkout import Config
from operations.preview.rule_set import Rule, RuleSet
from operations.preview.value_words import changed, code
from operations.preview.weaknesses import WEAKNESSES
from pi_mesh.counts import counted
from pi_mesh.names import PROJECT
from pi_mesh.quantities import parse as quantity
from pi_mesh.settings import SettingsError, parse
from pi_mesh.settings.raw import plain_values

LEVELS = ("disabled", "advisory", "mandatory")
JUDGES = ("policies/rules/", "policies/__main__.py", "policies/PulumiPolicy.yaml")
MESSENGERS = ("operations/preview/", ".github/workflows/preview.yml", "Makefile")


@dataclass(frozen=True)
class Relaxations:
    """The relaxations, a line for each."""

    rules: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Relaxed rules, by name."""
    settings: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    """Changes of the code of the rules or of the preview, which only a reader can judge."""

    @property
    def lines(self) -> tuple[str, ...]:
        rules = dict.fromkeys(line for lines in self.rules.values() for line in lines)
        return *rules, *self.settings, *self.code


def of_rules(before: RuleSet, after: RuleSet) -> dict[str, tuple[str, ...]]:
    """Return what the new rules allow and the old ones do not, according to levels and bounds."""
    if before and not after:
        return dict.fromkeys(before, (f"The policy pack is deleted, and with it {counted(len(before), 'rule')}.",))
    found = {name: tuple(_of_rule(name, rule, after.get(name))) for name, rule in before.items()}
    return {name: lines for name, lines in found.items() if lines}


def _of_rule(name: str, before: Rule, after: Rule | None) -> Iterator[str]:
    if after is None:
        yield f"Rule `{name}` is deleted."
        return
    if before.level != after.level and after.level in LEVELS[: _severity(before.level)]:
        yield f"Rule `{name}` is {after.level}, no longer {before.level}."
    if after.level == "disabled":
        return
    for bound in sorted({*before.bounds, *after.bounds}):
        old, new = before.bounds.get(bound), after.bounds.get(bound)
        if old != new and not _is_lower(old, new):
            yield f"Rule `{name}`: `{bound}` {changed(old, new)}"


def _severity(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)


def _is_lower(before: Any, after: Any) -> bool:
    """Return True where a bound is an amount that falls.

    A changed list is not judged, since it may relax either way.
    """
    try:
        return quantity(str(after)) < quantity(str(before))
    except ValueError:
        return False


def of_settings(before: Config, after: Config) -> tuple[str, ...]:
    """Return the settings that are weaker on the new side, defaults included; none for a new stack."""
    if not before or not after:
        return ()
    try:
        old, new = _effective(before), _effective(after)
    except SettingsError:  # the CA's own stack, or settings that the other side's program knows
        old, new = _written(before), _written(after)
    found = (
        (weakness, path, _at(old, path), _at(new, path))
        for weakness in WEAKNESSES
        for path in _paths(weakness.path, old, new)
    )
    return tuple(
        f"`{path}`{_values(was, now)}: {weakness.means}."
        for weakness, path, was, now in found
        if weakness.is_weaker(was, now)
    )


def _paths(path: str, old: Config, new: Config) -> Iterator[str]:
    """Yield the path; with a `*`, one path for each entry that both sides have: a new one relaxes nothing."""
    before, star, after = path.partition("*")
    entries = (_at(side, before.rstrip(".")) or {} for side in (old, new))
    yield from (f"{before}{name}{after}" for name in sorted(set.intersection(*map(set, entries)))) if star else (path,)


def _values(before: Any, after: Any) -> str:
    """Return both values where they fit on a line; the section of the settings shows the others."""
    return "" if isinstance(after, dict | list) else f" {changed(before, after)}"


def of_code(files: Iterable[str]) -> tuple[str, ...]:
    """Return a line for each changed file that judges a pull request or writes the comment."""
    lines = []
    for name in files:
        if name.startswith(JUDGES):
            lines.append(f"{code(name)} changes: review what its rule forbids now; this comment uses the base's rule.")
        elif name.startswith(MESSENGERS):
            lines.append(f"{code(name)} changes: the changed program wrote this comment.")
    return tuple(lines)


def _effective(config: Config) -> dict[str, Any]:
    return parse(plain_values(config)).model_dump(mode="json", by_alias=True)


def _written(config: Config) -> dict[str, Any]:
    return {key.removeprefix(f"{PROJECT}:"): value for key, value in config.items()}


def _at(tree: Any, path: str) -> Any:
    for key in path.split("."):
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree
