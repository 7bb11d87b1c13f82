"""The comment's sections of values: those of the stack file, and those of the resources."""

from collections.abc import Iterable
from math import inf
from typing import Any

import yaml

from operations.preview import changes, differences
from operations.preview.checkout import Config
from operations.preview.differences import Difference
from operations.preview.engine_result import Resource, Step
from operations.preview.markdown import table
from operations.preview.value_words import changed, code, fenced, folded, is_short
from pi_mesh.counts import counted

MOST_VALUES = 8
LEFT = ":--"


def settings(before: Config, after: Config) -> str:
    """Return a table of the plain values, and below it every changed item of a list or branch."""
    found = differences.between(before, after)
    plain = [entry for entry in found if _is_plain(entry)]
    items = {entry.path: entry for difference in found if not _is_plain(difference) for entry in [_whole(difference)]}
    rows = [(code(entry.path), changed(entry.before, entry.after)) for entry in plain]
    parts = [table(("key", "change"), rows, LEFT)] if rows else []
    parts += [f"{code(entry.path)}:\n{fenced(_diff(entry))}" for entry in items.values()]
    return "\n\n".join(["#### Settings", *parts]) if parts else ""


def _is_plain(entry: Difference) -> bool:
    is_tree = isinstance(entry.before, dict | list) or isinstance(entry.after, dict | list)
    return entry.item is None and not is_tree and is_short(entry.before, entry.after)


def _whole(entry: Difference) -> Difference:
    return entry.item or entry


def _diff(entry: Difference) -> str:
    return changes.whole_diff(_yaml(entry.before), _yaml(entry.after))


def _yaml(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else yaml.safe_dump(value, sort_keys=False, width=inf)


def resources(steps: Iterable[Step]) -> str:
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
    found = differences.between(before.inputs, after.inputs)
    lines = [f"{code(entry.path)}: {_value(entry)}" for entry in found[:MOST_VALUES]]
    more = [f"and {len(found) - MOST_VALUES} more, in the rendered objects"] if len(found) > MOST_VALUES else []
    return "<br>".join([*lines, *more])


def _value(entry: Difference) -> str:
    if is_short(entry.before, entry.after):
        return changed(entry.before, entry.after)
    return "see the rendered objects"
