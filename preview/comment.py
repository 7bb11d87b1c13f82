"""The comment: what a reviewer wants to know first, details folded away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from budget.markdown import table
from preview import changes
from preview.changes import Change
from preview.intent import Intent, Resource
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


def markdown(comparison: Comparison) -> str:
    """The whole comment, within GitHub's limit: the longest diffs give way first."""
    head = "\n\n".join(part for part in _sections(comparison) if part)
    objects = changes.between(comparison.objects_before, comparison.objects_after)
    return f"{head}\n\n{_objects(objects, LIMIT - len(head))}\n"


def _sections(comparison: Comparison) -> Iterator[str]:
    stack, base = comparison.stack, comparison.base
    yield f"<!-- preview of {stack} -->\n## Preview of `{stack}`, against `{base}`"
    yield from (f"> :x: {_quoted(error)}" for error in comparison.after.errors)
    yield _policies(comparison.after)
    yield _resources(changes.between(comparison.before.resources, comparison.after.resources))
    yield _budget(comparison)
    yield _listed("Not checked", comparison.unknown)
    yield _listed("Warnings", comparison.after.warnings)


def _policies(intent: Intent) -> str:
    if not intent.violations:
        return "### Policies\nEvery rule is kept." if not intent.errors else ""
    lines = [
        f"- **{one.level}** `{one.policy}` on `{one.resource}`: {_quoted(one.message)}" for one in intent.violations
    ]
    return "\n".join(["### Policies", *lines])


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
    before, after = comparison.before.outputs.get("budget"), comparison.after.outputs.get("budget")
    if not isinstance(after, dict):
        return ""
    before = before if isinstance(before, dict) else {}
    lines = [(name, str(before.get(name, "")), _marked(before.get(name), text)) for name, text in after.items()]
    return f"### Budget\n{table(('component', 'before', 'after'), lines, LEFT)}"


def _marked(before: str | None, after: str) -> str:
    return after if before == after else f"**{after}**"


def _listed(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"### {title}", *(f"- {_quoted(line)}" for line in lines)]) if lines else ""


def _quoted(text: str) -> str:
    return " ".join(text.split())


def _objects(changed: list[Change[str]], room: int) -> str:
    if not changed:
        return "### Rendered objects\nNo Kubernetes object changes."
    folded = {change.key: _folded(change) for change in changed}
    for key in sorted(folded, key=lambda key: len(folded[key]), reverse=True):
        if sum(map(len, folded.values())) > room - 200:
            folded[key] = f"- {key}: too long to show here; `make preview` prints it\n"
    return "\n".join([f"### Rendered objects\n{len(changed)} change.\n", *folded.values()])


def _folded(change: Change[str]) -> str:
    lines = changes.diff(change.before, change.after)
    return f"<details><summary>{change.verb} {change.key}</summary>\n\n````diff\n{lines}\n````\n</details>\n"
