"""The comment: a section for each stack, the verdict first, details folded away."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence

from operations.preview import budget_section, changes, diff_section, effects, value_section, verdict
from operations.preview.checkout import VAULT, is_of_vault
from operations.preview.comparison import Comparison
from operations.preview.engine_result import Intent, Violation
from operations.preview.revision import Revision
from operations.preview.value_words import code, folded, quoted
from pi_mesh.counts import counted

LIMIT = 60_000
"""Characters; GitHub refuses a comment of more than 65,536."""


NUMBERS = re.compile(r"[0-9][0-9.-]*")


def marker(stack: str) -> str:
    """Return the hidden line by which the workflow finds its own comment."""
    return f"<!-- pi-mesh preview {stack} -->"


def documentation(stacks: Iterable[str], revision: Revision) -> str:
    """Return the comment on a pull request that changes no program and no settings: one line."""
    files = counted(len(revision.changed), "file")
    reason = f"only documentation and tests change ({files})" if revision.changed else "nothing is changed"
    return "\n".join([*map(marker, stacks), f"**{verdict.NO_CHANGE}**: {reason}. {revision}\n"])


def markdown(found: Sequence[Comparison], revision: Revision, limit: int = LIMIT) -> str:
    """Return the whole comment, of at most `limit` characters."""
    return "\n---\n\n".join(_section(one, revision, limit // len(found)) for one in found)


def _section(found: Comparison, revision: Revision, limit: int) -> str:
    head = "\n\n".join(part for part in [*_top(found, revision), *_folds(found)] if part)
    if found.errors:
        return f"{head}\n"
    objects = changes.between(found.before.objects, found.after.objects)
    diffs = diff_section.section(objects, limit - len(head) - 10, found.consequences.restarts)
    return "\n\n".join(part for part in (head, diffs) if part) + "\n"


def _top(found: Comparison, revision: Revision) -> Iterator[str]:
    yield f"{marker(found.stack)}\n### {found.stack}: {verdict.line(found)}"
    yield _listed("Relaxed by this pull request", found.relaxations.lines)
    yield _listed("Does not preview", found.errors)
    yield _listed("Rules broken", dict.fromkeys(map(_violation, found.violations)))
    yield _listed("New warnings", [text for text in _warnings(found.after.intent) if not _is_old(text, found)])
    yield _listed("What happens to the cluster", effects.lines(found))
    yield _next(found, revision)
    if found.after.config or not found.errors:
        yield value_section.settings(found.before.config, found.after.config)
    old, new = found.before.budget, found.after.budget
    if not found.errors and (found.steps or old != new):
        yield budget_section.section(old, new)


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
    yield value_section.resources(found.steps)
    if old := [text for text in _warnings(found.after.intent) if _is_old(text, found)]:
        yield folded(f"{counted(len(old), 'warning')} that the base has too", _points(old))
    unknown = [*_unknown(found)]
    yield folded(f"{counted(len(unknown), 'thing')} not checked", _points(unknown))


def _is_old(warning: str, found: Comparison) -> bool:
    """Return True for a warning that the base has too, also for another version or date."""
    return NUMBERS.sub("", warning) in {NUMBERS.sub("", text) for text in _warnings(found.before.intent)}


def _warnings(intent: Intent) -> list[str]:
    # This program itself leaves out the kubeconfig, and reports the cluster as not checked.
    return [quoted(warning) for warning in intent.warnings if os.devnull not in warning]


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
    return f"**{violation.level}** {code(violation.policy)} on {code(violation.resource)}: {quoted(message)}"


def _listed(title: str, lines: Iterable[str]) -> str:
    points = _points(lines)
    return f"#### {title}\n{points}" if points else ""


def _points(lines: Iterable[str]) -> str:
    return "\n".join(f"- {quoted(line)}" for line in lines)
