"""The comment: what a reviewer wants to know first, details folded away."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from budget.cells import HEADINGS
from budget.markdown import table
from preview import changes, folded
from preview.changes import Change
from preview.intent import Intent, Resource, Violation
from preview.rendered import Objects

LIMIT = 60_000
"""Characters; GitHub refuses a comment of more than 65,536."""
MOST_LEAVES = 8
LONGEST_VALUE = 60
LEFT = ":--"


@dataclass(frozen=True)
class Comparison:
    """Both sides, as far as they could be found out."""

    stack: str
    base: str
    before: Intent
    after: Intent
    objects_before: Objects = field(default_factory=dict)
    objects_after: Objects = field(default_factory=dict)
    unknown: Sequence[str] = ()
    """What could not be checked, and why."""


def markdown(comparison: Comparison, limit: int = LIMIT) -> str:
    """The whole comment, of at most so many characters."""
    head = "\n\n".join(part for part in _sections(comparison) if part)
    objects = changes.between(comparison.objects_before, comparison.objects_after)
    return f"{head}\n\n{folded.section(objects, limit - len(head) - 10)}\n"


def _sections(comparison: Comparison) -> Iterator[str]:
    stack, base = comparison.stack, comparison.base
    yield f"<!-- preview of {stack} -->\n## Preview of `{stack}`, against `{base}`"
    yield from (f"> :x: {_quoted(error)}" for error in comparison.after.errors)
    yield _policies(comparison.after)
    yield _resources(changes.between(comparison.before.resources, comparison.after.resources))
    yield _budget(comparison)
    yield _listed("Not checked", comparison.unknown)
    # That there is no kubeconfig is our own doing, and said above.
    yield _listed("Warnings", [line for line in comparison.after.warnings if os.devnull not in line])


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


def _budget(comparison: Comparison) -> str:
    before, after = ({**side.outputs}.get("budget") or {} for side in (comparison.before, comparison.after))
    if not after:
        return ""
    room = _cell(before.get("room"), after.get("room", ""))
    lines = [_row(name, before.get(name), row) for name, row in after.items() if isinstance(row, dict)]
    return f"### Budget\n{table(HEADINGS, lines)}\n\n{room}"


def _row(name: str, before: dict[str, str] | None, after: dict[str, str]) -> tuple[str, ...]:
    old = before or dict.fromkeys(after, "nothing")
    return name, *(_cell(old.get(column), after.get(column, "")) for column in HEADINGS[1:])


def _cell(before: str | None, after: str) -> str:
    return after if (before or "") == after else f"{before or 'nothing'} → **{after or 'nothing'}**"


def _listed(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"### {title}", *(f"- {_quoted(line)}" for line in lines)]) if lines else ""


def _quoted(text: str) -> str:
    return " ".join(text.split())
