"""The comment: a section for each stack, the verdict first, details folded away."""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from operations.pull_request import effects, manifests, values
from operations.pull_request.checkout import VAULT, Revision, is_of_vault
from operations.pull_request.compare import Comparison
from operations.pull_request.engine import Intent, Violation
from operations.pull_request.manifests import Change
from operations.pull_request.markdown import code, fenced, folded, one_line, table
from operations.pull_request.sides import Rows
from pi_mesh.budget.table import HEADINGS
from pi_mesh.words import counted

_, *COLUMNS = HEADINGS


def changed_rows(before: Rows, after: Rows) -> str:
    """Return the changed rows as an open table, and the other rows folded."""
    if not before and not after:
        return ""
    names = [name for name in dict.fromkeys([*after, *before]) if name != "room"]
    same = [name for name in names if before.get(name) == after.get(name)]
    rows = {name: _row(name, before.get(name), after.get(name)) for name in names}
    room = _room(before.get("room"), after.get("room", ""))
    if before == after:
        return folded("Budget: unchanged", f"{table(HEADINGS, rows.values())}\n\n{room}")
    shown = table(HEADINGS, [row for name, row in rows.items() if name not in same])
    parts = [f"#### Budget\n{shown}", room]
    if same:
        parts.append(
            folded(f"{counted(len(same), 'other row')}, unchanged", table(HEADINGS, [rows[name] for name in same]))
        )
    return "\n\n".join(parts)


def _row(name: str, before: dict[str, str] | None, after: dict[str, str] | None) -> tuple[str, ...]:
    title = name if before and after else f"**{name}** ({'removed' if before else 'new'})"
    old, new = before or {}, after or {}
    if before is None:
        return title, *(new.get(column, "") for column in COLUMNS)
    return title, *(_cell(old.get(column, ""), new.get(column, "")) for column in COLUMNS)


def _cell(before: str, after: str) -> str:
    return after if before == after else f"{before or 'nothing'} → **{after or 'nothing'}**"


def _room(before: str | None, after: str) -> str:
    """Return the new sentence, and the part of the old one that differs: a word, or else all of it."""
    if before is None or before == after:
        return after
    words = [old for old, new in zip(before.split(), after.split(), strict=False) if old != new]
    is_one_word = len(words) == 1 and len(before.split()) == len(after.split())
    return f"{after} (Before: {words[0] if is_one_word else before})"


def folded_diffs(changed: list[Change], room: int, restarts: Collection[str] = ()) -> str:
    """Return at most `room` characters, shortening the longest diffs first. Changes of version labels are only counted.

    `restarts`: objects whose pods restart; these are shown even for a label.
    """
    if not changed:
        return ""
    diffs = {change: manifests.diff(change.before, change.after) for change in changed}
    telling = {
        f"{change.verb} {change.key} ({manifests.line_counts(diff)})": diff
        for change, diff in diffs.items()
        if change.key in restarts or not manifests.is_version_only(diff)
    }
    labels = len(diffs) - len(telling)
    title = counted(len(diffs), "Kubernetes object") + (f", {labels} only in version labels" if labels else "")
    parts = _shortened(
        {name: folded(name, fenced(diff)) for name, diff in telling.items()}, room - len(folded(title, ""))
    )
    return folded(title, "\n\n".join(parts)) if parts else f"{title}."


def _shortened(parts: dict[str, str], room: int) -> list[str]:
    for name in sorted(parts, key=lambda name: len(parts[name]), reverse=True):
        if sum(len(part) + 2 for part in parts.values()) <= room:
            break
        advice = "too long for a comment; `python -m operations.pull_request --whole` prints it"
        parts = {**parts, name: f"- {name}: {advice}"}
    return list(parts.values())


LIMIT = 60_000
"""Characters; GitHub refuses a comment of more than 65,536."""


NUMBERS = re.compile(r"[0-9][0-9.-]*")


def marker(stack: str) -> str:
    """Return the hidden line by which the workflow finds its own comment."""
    return f"<!-- pi-mesh preview {stack} -->"


def documentation_comment(stacks: Iterable[str], revision: Revision) -> str:
    """Return the comment on a pull request that changes no program and no settings: one line."""
    files = counted(len(revision.changed), "file")
    reason = f"only documentation and tests change ({files})" if revision.changed else "nothing is changed"
    return "\n".join([*map(marker, stacks), f"**{effects.NO_CHANGE}**: {reason}. {revision}\n"])


def whole_comment(found: Sequence[Comparison], revision: Revision, limit: int = LIMIT) -> str:
    """Return the whole comment, of at most `limit` characters."""
    return "\n---\n\n".join(_section(one, revision, limit // len(found)) for one in found)


def _section(found: Comparison, revision: Revision, limit: int) -> str:
    head = "\n\n".join(part for part in [*_top(found, revision), *_folds(found)] if part)
    if found.errors:
        return f"{head}\n"
    objects = manifests.changes_between(found.before.objects, found.after.objects)
    diffs = folded_diffs(objects, limit - len(head) - 10, found.consequences.restarts)
    return "\n\n".join(part for part in (head, diffs) if part) + "\n"


def _top(found: Comparison, revision: Revision) -> Iterator[str]:
    yield f"{marker(found.stack)}\n### {found.stack}: {effects.verdict(found)}"
    yield _listed("Relaxed by this pull request", found.relaxations.lines)
    yield _listed("Does not preview", found.errors)
    yield _listed("Rules broken", dict.fromkeys(map(_violation, found.violations)))
    yield _listed("New warnings", [text for text in _warnings(found.after.intent) if not _is_old(text, found)])
    yield _listed("What happens to the cluster", effects.effect_lines(found))
    yield _next(found, revision)
    if found.after.config or not found.errors:
        yield values.settings_section(found.before.config, found.after.config)
    old, new = found.before.budget, found.after.budget
    if not found.errors and (found.steps or old != new):
        yield changed_rows(old, new)


def _next(found: Comparison, revision: Revision) -> str:
    is_applied = found.steps and not found.is_refused and not found.consequences.lost_control_plane
    after = f"After the merge: `pulumi up -s {found.stack}` · " if is_applied else ""
    return f"{after}{_judged(found, revision.branch)} · {revision}"


def _judged(found: Comparison, branch: str) -> str:
    rules = len(found.before.rules)
    if found.errors or is_of_vault(found.after.config):
        return "No rule was applied"
    if not rules:
        return f"{branch} has no rules: the pull request's own rules were applied"
    verbs = ("has judged", "is kept") if rules == 1 else ("have judged", "are kept")
    return f"{counted(rules, 'rule')} of {branch} {verbs[not found.violations]}"


def _folds(found: Comparison) -> Iterator[str]:
    yield values.resources_section(found.steps)
    if old := [text for text in _warnings(found.after.intent) if _is_old(text, found)]:
        yield folded(f"{counted(len(old), 'warning')} that the base has too", _points(old))
    unknown = [*_unknown(found)]
    yield folded(f"{counted(len(unknown), 'thing')} not checked", _points(unknown))


def _is_old(warning: str, found: Comparison) -> bool:
    """Return True for a warning that the base has too, also for another version or date."""
    return NUMBERS.sub("", warning) in {NUMBERS.sub("", text) for text in _warnings(found.before.intent)}


def _warnings(intent: Intent) -> list[str]:
    # This program itself leaves out the kubeconfig, and reports the cluster as not checked.
    return [one_line(warning) for warning in intent.warnings if os.devnull not in warning]


def _unknown(found: Comparison) -> Iterator[str]:
    yield "The live cluster and Vault, which this preview does not reach: every `pulumi up` checks them first."
    if found.charts_at_hand:
        yield "The chart source: both sides took their charts from a local folder."
    if (found.after.config.get(VAULT) or {}).get("enabled"):
        yield "The CA in Vault: only its settings are compared, for its program asks Vault."
    yield from (f"The base, which does not preview: {error}" for error in found.before.intent.errors)
    if found.before.rules_problem:
        yield f"The rules of the base: {found.before.rules_problem}."
    yield from dict.fromkeys([*found.before.unknown, *found.after.unknown])


def _violation(violation: Violation) -> str:
    """Return a violation in Markdown.

    The engine puts the rule's description on the first line, breach and fix below.
    """
    message = violation.message.partition("\n")[2] or violation.message
    return f"**{violation.level}** {code(violation.policy)} on {code(violation.resource)}: {one_line(message)}"


def _listed(title: str, lines: Iterable[str]) -> str:
    points = _points(lines)
    return f"#### {title}\n{points}" if points else ""


def _points(lines: Iterable[str]) -> str:
    return "\n".join(f"- {one_line(line)}" for line in lines)
