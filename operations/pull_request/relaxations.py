"""The policy rules, bounds and protective settings that a pull request relaxes."""

import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from operations.pull_request.checkout import Config
from operations.pull_request.markdown import both_values, code
from pi_mesh.facts import Setting, Weaker, fields_of
from pi_mesh.inventory import chart_lock
from pi_mesh.names import PROJECT
from pi_mesh.quantities import parse as quantity
from pi_mesh.settings import Settings, SettingsError, parse
from pi_mesh.settings.pulumi_config import plain_values
from pi_mesh.tree_diff import unequal, value_at
from pi_mesh.words import agreeing, counted, listed

ROOT = Path(__file__).resolve().parents[2]
LEVELS = ("disabled", "advisory", "mandatory")
JUDGES, POLICY_CONFIG = "policies/", "policies/config/"
PACKAGES = ("requirements", "pyproject.toml")
WORKFLOW = (".github/workflows/preview.yml", "Makefile", "operations/pull_request/", "operations/preview.py")


@dataclass(frozen=True)
class Rule:
    level: str
    bounds: dict[str, Any]


RuleSet = dict[str, Rule]
"""Rules by name."""


@dataclass(frozen=True)
class Relaxations:
    """The relaxations, a line for each."""

    rules: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Relaxed rules, by name."""
    settings: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    """Changes of the code of the rules or of the preview, which only a reader can judge."""
    charts: tuple[str, ...] = ()
    """Charts that the chart lock guards no more."""

    @property
    def lines(self) -> tuple[str, ...]:
        rules = dict.fromkeys(line for lines in self.rules.values() for line in lines)
        return *rules, *self.settings, *self.charts, *self.code


def rule_relaxations(before: RuleSet, after: RuleSet) -> dict[str, tuple[str, ...]]:
    """Return what the new rules allow and the old ones do not, according to levels and bounds."""
    if before and not after:
        return dict.fromkeys(before, (f"The policy pack is deleted, and with it {counted(len(before), 'rule')}.",))
    lines_of = {name: tuple(_of_rule(name, rule, after.get(name))) for name, rule in before.items()}
    return {name: lines for name, lines in lines_of.items() if lines}


def _of_rule(name: str, before: Rule, after: Rule | None) -> Iterator[str]:
    if after is None:
        yield f"Rule `{name}` is deleted."
        return
    milder = LEVELS[: LEVELS.index(before.level)] if before.level in LEVELS else LEVELS
    if before.level != after.level and after.level in milder:
        yield f"Rule `{name}` is {after.level}, no longer {before.level}."
    if after.level == "disabled":
        return
    for bound in sorted({*before.bounds, *after.bounds}):
        old, new = before.bounds.get(bound), after.bounds.get(bound)
        if old != new and not _is_lower(old, new):
            yield f"Rule `{name}`: `{bound}` {both_values(old, new)}"


def _is_lower(before: Any, after: Any) -> bool:
    """Return True where a bound is an amount that falls; a changed list may relax either way."""
    with suppress(ValueError):
        return quantity(str(after)) < quantity(str(before))
    return False


def setting_relaxations(before: Config, after: Config) -> tuple[str, ...]:
    """Return the settings that are weaker on the new side, defaults included; none for a new stack."""
    if not before or not after:
        return ()
    try:
        old, new = (parse(plain_values(side)).model_dump(mode="json", by_alias=True) for side in (before, after))
    except SettingsError:  # the CA's own stack, or settings that the other side's program knows
        old, new = ({key.removeprefix(f"{PROJECT}:"): side[key] for key in side} for side in (before, after))
    changes = (
        (weakness, *change)
        for setting in fields_of(Settings)
        for weakness in setting.facts
        if isinstance(weakness, Weaker) and "[]" not in setting.path
        for change in _values_of(setting, old, new)
    )
    return tuple(
        f"{_change(path, was, now)}: {weakness.means}."
        for weakness, path, was, now in changes
        if weakness.is_weaker(was, now)
    )


def _values_of(setting: Setting, old: Config, new: Config) -> Iterator[tuple[str, Any, Any]]:
    """Yield the path and both values of a setting, for each entry of a new map.

    What is not written has its default; but a branch that is left out by default, such as `tls`, has no values.
    """
    above, star, below = setting.path.partition(".*")
    for name in sorted(value_at(new, above) or {}) if star else ("",):
        path = f"{above}.{name}{below}" if star else above
        was, now = value_at(old, path), value_at(new, path)
        branch = path.rpartition(".")[0]
        if now is None and (value_at(new, branch) is not None or setting.branches[-1].default is not None):
            now = setting.default
        yield path, setting.default if was is None else was, now


def _change(path: str, before: Any, after: Any) -> str:
    """Return the key and both its values; for a map, those of each key below that changes."""
    # Two maps that differ in an empty branch alone have no key to tell.
    changes = [*unequal(before, after, path)] if isinstance(before, dict) and isinstance(after, dict) else []
    return ", ".join(f"`{key}` {both_values(old, new)}" for key, old, new in changes or [(path, before, after)])


def code_relaxations(files: Iterable[str], links: Collection[str] = ()) -> tuple[str, ...]:
    """Return a line for each changed file that judges a pull request or writes the comment, or is a symbolic link."""
    lines, authors, loaded = [], [], _loaded_files()
    for name in files:
        if name in links:
            lines.append(f"{code(name)} is a symbolic link now: name the file itself, whose changes are told here.")
        elif name.endswith(".gitattributes"):
            lines.append(f"{code(name)} changes: git may leave files out of the base that judges later pull requests.")
        elif name.startswith(JUDGES) and not name.startswith(POLICY_CONFIG):
            lines.append(f"{code(name)} changes: review what the rules forbid now; this comment uses the base's rules.")
        elif name.startswith(PACKAGES):
            lines.append(f"{code(name)} changes: the rules and this comment ran with the packages that it names.")
        elif name.startswith(WORKFLOW) or name in loaded:
            authors.append(code(name))
    if authors:
        verb = agreeing(len(authors), "changes", "change")
        lines.append(f"{listed(authors, 3)} {verb}: the changed program wrote this comment.")
    return tuple(lines)


def _loaded_files() -> set[str]:
    """Return the files of this repository that this process has loaded, relative to the checkout."""
    loaded = (getattr(module, "__file__", None) for module in [*sys.modules.values()])
    return {str(Path(file).relative_to(ROOT)) for file in loaded if file and Path(file).is_relative_to(ROOT)}


def lock_relaxations(before: Path, after: Path, stack: str) -> tuple[str, ...]:
    """Return what the chart lock guards no more for the stack; the first arguments are the folders of both sides."""
    try:
        old, new = chart_lock.read_all(before).of_stack(stack), chart_lock.read_all(after).of_stack(stack)
    except SettingsError as error:
        return (f"The charts cannot be compared with those of the base: {error}.",)
    if old is None:
        return ()
    if new is None:
        return (f"{code(chart_lock.FILE)} has no section `{stack}` any more: its charts are trusted unseen.",)
    sums = {(entry.chart, entry.version): entry.sha256 for entry in old}
    return tuple(
        f"The sum of the chart `{entry.chart}` {entry.version} changes: another file would be installed."
        for entry in new
        if sums.get((entry.chart, entry.version), entry.sha256) != entry.sha256
    )
