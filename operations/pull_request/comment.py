"""The comment: a section for each stack, the verdict first, details folded away."""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from operations.pull_request import effects, manifests
from operations.pull_request.checkout import VAULT, Revision, is_of_vault
from operations.pull_request.compare import Comparison
from operations.pull_request.engine import Intent, Step, Violation
from operations.pull_request.manifests import Change
from operations.pull_request.markdown import code, fenced, folded, one_line
from pi_mesh.words import counted, markdown_table


def folded_diffs(changed: list[Change], room: int, restarts: Collection[str] = ()) -> str:
    """Return at most `room` characters, shortening the longest diffs first. Changes of version labels are only counted.

    `restarts`: objects whose pods restart; these are shown even for a label.
    """
    if not changed:
        return ""
    sections = {}
    for change in changed:
        diff = manifests.diff(change.before, change.after)
        if change.key in restarts or not manifests.is_version_only(diff):
            name = f"{change.verb} {change.key} ({manifests.line_counts(diff)})"
            sections[name] = folded(name, fenced(diff))
    labels = len(changed) - len(sections)
    title = counted(len(changed), "Kubernetes object") + (f", {labels} only in version labels" if labels else "")
    for name in sorted(sections, key=lambda name: len(sections[name]), reverse=True):
        if sum(len(section) + 2 for section in sections.values()) <= room - len(folded(title, "")):
            break
        sections[name] = f"- {name}: too long for a comment; `python -m operations.pull_request --whole` prints it"
    return folded(title, "\n\n".join(sections.values())) if sections else f"{title}."


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


def whole_comment(comparisons: Sequence[Comparison], revision: Revision, limit: int = LIMIT) -> str:
    """Return the whole comment, of at most `limit` characters."""
    return "\n---\n\n".join(_section(comparison, revision, limit // len(comparisons)) for comparison in comparisons)


def _section(comparison: Comparison, revision: Revision, limit: int) -> str:
    head = "\n\n".join(part for part in [*_top(comparison, revision), *_folds(comparison)] if part)
    if comparison.errors:
        return f"{head}\n"
    objects = manifests.changes_between(comparison.before.objects, comparison.after.objects)
    diffs = folded_diffs(objects, limit - len(head) - 10, comparison.consequences.restarts)
    return "\n\n".join(part for part in (head, diffs) if part) + "\n"


def _top(comparison: Comparison, revision: Revision) -> Iterator[str]:
    yield f"{marker(comparison.stack)}\n### {comparison.stack}: {effects.verdict(comparison)}"
    yield _listed("Relaxed by this pull request", comparison.relaxations.lines)
    yield _listed("Does not preview", comparison.errors)
    yield _listed("Rules broken", dict.fromkeys(map(_violation, comparison.violations)))
    warnings = _warnings(comparison.after.intent)
    yield _listed("New warnings", (text for text in warnings if not _is_old(text, comparison)))
    yield _listed("What happens to the cluster", effects.effect_lines(comparison))
    yield _next(comparison, revision)
    yield comparison.room


def _next(comparison: Comparison, revision: Revision) -> str:
    is_applied = comparison.steps and not comparison.is_refused and not comparison.consequences.lost_control_plane
    after = f"After the merge: `pulumi up -s {comparison.stack}` · " if is_applied else ""
    return f"{after}{_judged(comparison, revision.branch)} · {revision}"


def _judged(comparison: Comparison, branch: str) -> str:
    rules = len(comparison.before.rules)
    if comparison.errors or is_of_vault(comparison.after.config):
        return "No rule was applied"
    if not rules:
        return f"{branch} has no rules: the pull request's own rules were applied"
    verbs = ("has judged", "is kept") if rules == 1 else ("have judged", "are kept")
    return f"{counted(rules, 'rule')} of {branch} {verbs[not comparison.violations]}"


def _folds(comparison: Comparison) -> Iterator[str]:
    yield _resources(comparison.steps)
    if old := [text for text in _warnings(comparison.after.intent) if _is_old(text, comparison)]:
        yield folded(f"{counted(len(old), 'warning')} that the base has too", _points(old))
    unknown = [*_unknown(comparison)]
    yield folded(f"{counted(len(unknown), 'thing')} not checked", _points(unknown))


def _resources(steps: Sequence[Step]) -> str:
    rows = []
    for step in steps:
        replaced = f"**replace** (for {', '.join(map(code, step.keys))})"
        rows.append((f"{code(step.name)} ({step.kind})", replaced if step.verb == "replace" else step.verb))
    title = f"{counted(len(rows), 'resource')} of the stack"
    return folded(title, markdown_table(("resource", "change"), rows)) if rows else ""


def _is_old(warning: str, comparison: Comparison) -> bool:
    """Return True for a warning that the base has too, also for another version or date."""
    return NUMBERS.sub("", warning) in {NUMBERS.sub("", text) for text in _warnings(comparison.before.intent)}


def _warnings(intent: Intent) -> list[str]:
    # This program itself leaves out the kubeconfig, and reports the cluster as not checked.
    return [one_line(warning) for warning in intent.warnings if os.devnull not in warning]


def _unknown(comparison: Comparison) -> Iterator[str]:
    yield "The live cluster and Vault, which this preview does not reach: every `pulumi up` checks them first."
    if comparison.charts_at_hand:
        yield "The chart source: both sides took their charts from a local folder."
    if (comparison.after.config.get(VAULT) or {}).get("enabled"):
        yield "The CA in Vault: only its settings are compared, for its program asks Vault."
    yield from (f"The base, which does not preview: {error}" for error in comparison.before.intent.errors)
    if comparison.before.rules_problem:
        yield f"The rules of the base: {comparison.before.rules_problem}."
    yield from dict.fromkeys([*comparison.before.unknown, *comparison.after.unknown])


def _violation(violation: Violation) -> str:
    """Return a violation in Markdown; the engine puts the rule's description above the breach and the fix."""
    message = violation.message.partition("\n")[2] or violation.message
    return f"**{violation.level}** {code(violation.policy)} on {code(violation.resource)}: {one_line(message)}"


def _listed(title: str, lines: Iterable[str]) -> str:
    points = _points(lines)
    return f"#### {title}\n{points}" if points else ""


def _points(lines: Iterable[str]) -> str:
    return "\n".join(f"- {one_line(line)}" for line in lines)
