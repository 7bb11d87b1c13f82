"""The comment: what a reviewer wants to know first, details folded away."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from operations.preview import changes, diff_section
from operations.preview.changes import Change
from operations.preview.checkout import VAULT, Config
from operations.preview.checkout_side import Side
from operations.preview.engine_result import Intent, Resource, Violation
from operations.preview.markdown import table
from pi_mesh.budget.table import HEADINGS

LIMIT = 60_000
"""Characters; GitHub refuses a comment of more than 65,536."""
MOST_LEAVES = 8
LONGEST_VALUE = 60
LEFT = ":--"


@dataclass(frozen=True)
class Comparison:
    """Both sides."""

    stack: str
    base: str
    before: Side
    after: Side
    charts_at_hand: bool = False
    """Whether charts.source was left aside."""


def markdown(comparison: Comparison, limit: int = LIMIT) -> str:
    """The whole comment, of at most so many characters."""
    head = "\n\n".join(part for part in _sections(comparison) if part)
    if comparison.after.intent.errors:
        return f"{head}\n"
    objects = changes.between(comparison.before.objects, comparison.after.objects)
    return f"{head}\n\n{diff_section.section(objects, limit - len(head) - 10)}\n"


def _sections(comparison: Comparison) -> Iterator[str]:
    stack, before, after = comparison.stack, comparison.before.intent, comparison.after.intent
    yield f"<!-- preview of {stack} -->\n## Preview of `{stack}`, against `{comparison.base}`"
    yield from (f"> :x: {_quoted(error)}" for error in after.errors)
    yield _policies(after)
    yield _settings(comparison.before.config, comparison.after.config)
    if not after.errors:
        yield _resources(changes.between(before.resources, after.resources))
        yield _budget(before, after)
    yield _listed("Not checked", _unknown(comparison))
    # That there is no kubeconfig is our own doing, and told as not checked.
    yield _listed("Warnings", [line for line in after.warnings if os.devnull not in line])


def _unknown(comparison: Comparison) -> Iterator[str]:
    yield "The live cluster and Vault, which this preview keeps away from: every `pulumi up` checks them first."
    if comparison.charts_at_hand:
        yield "The chart source: both sides took their charts from a folder at hand."
    if (comparison.after.config.get(VAULT) or {}).get("enabled"):
        yield "The CA in Vault: both sides are previewed without it. A change of its settings is listed above."
    yield from (f"The base branch, which does not preview: {error}" for error in comparison.before.intent.errors)
    yield from dict.fromkeys([*comparison.before.unknown, *comparison.after.unknown])


def _settings(before: Config, after: Config) -> str:
    lines = [(f"`{path}`", _value(old), _value(new)) for path, old, new in changes.leaves(before, after)]
    return f"### Settings\n{table(('key', 'before', 'after'), lines, LEFT)}" if lines else ""


def _policies(intent: Intent) -> str:
    if not intent.violations:
        return "### Policies\nEvery rule is kept." if not intent.errors else ""
    lines = [_violation(one) for one in intent.violations]
    return "\n".join(["### Policies", *dict.fromkeys(lines)])


def _violation(one: Violation) -> str:
    """The engine puts the rule's description on the first line; the breach and its fix are below."""
    message = one.message.partition("\n")[2] or one.message
    return f"- **{one.level}** `{one.policy}` on `{one.resource}`: {_quoted(message)}"


def _resources(changed: list[Change[Resource]]) -> str:
    if not changed:
        return "### Resources\nNo resource changes."
    lines = [_resource(change) for change in changed]
    return f"### Resources\n{table(('resource', 'change', 'what'), lines, LEFT)}"


def _resource(change: Change[Resource]) -> tuple[str, str, str]:
    one = change.after or change.before
    assert one is not None
    what = _leaves(change.before, change.after) if change.before and change.after else ""
    return f"`{one.name}` ({one.type.rpartition(':')[2]})", change.verb, what


def _leaves(before: Resource, after: Resource) -> str:
    found = [
        f"`{path}`: {_value(old)} → {_value(new)}" for path, old, new in changes.leaves(before.inputs, after.inputs)
    ]
    more = [f"and {len(found) - MOST_LEAVES} more"] if len(found) > MOST_LEAVES else []
    return "<br>".join([*found[:MOST_LEAVES], *more])


def _value(value: object) -> str:
    text = str(value).replace("|", "\\|").replace("\n", " ")
    return "nothing" if value is None else f"`{text[:LONGEST_VALUE]}`"


def _budget(before: Intent, after: Intent) -> str:
    old, new = ({**side.outputs}.get("budget") or {} for side in (before, after))
    if not new:
        return ""
    lines = [_row(name, old.get(name), row) for name, row in new.items() if isinstance(row, dict)]
    return f"### Budget\n{table(HEADINGS, lines)}\n\n{_cell(old.get('room'), new.get('room', ''))}"


def _row(name: str, before: dict[str, str] | None, after: dict[str, str]) -> tuple[str, ...]:
    old = before or dict.fromkeys(after, "nothing")
    return name, *(_cell(old.get(column), after.get(column, "")) for column in HEADINGS[1:])


def _cell(before: str | None, after: str) -> str:
    return after if (before or "") == after else f"{before or 'nothing'} → **{after or 'nothing'}**"


def _listed(title: str, lines: Iterable[str]) -> str:
    points = [f"- {_quoted(line)}" for line in lines]
    return "\n".join([f"### {title}", *points]) if points else ""


def _quoted(text: str) -> str:
    return " ".join(text.split())
