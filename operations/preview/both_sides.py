"""The comparison of the working tree with its base, for one stack: the base first, because its state is needed."""

import tempfile
from pathlib import Path

from operations.preview import checkout, checkout_side, engine, relaxations
from operations.preview.checkout_side import OpenedSide, Side
from operations.preview.comparison import Comparison
from operations.preview.engine_result import Violation
from operations.preview.relaxations import Relaxations
from operations.preview.revision import Revision

POLICIES = "policies/"


def compare(repository: Path, stack: str, revision: Revision, charts: str) -> Comparison:
    """Return the comparison; the base's rules and their config judge, where the base has any."""
    with tempfile.TemporaryDirectory() as scratch:
        old, new = Path(scratch, "base"), Path(scratch, "pull-request")
        checkout.base(revision.branch, repository, old)
        checkout.working_tree(repository, new)
        base = checkout_side.opened(old, stack, charts)
        head = checkout_side.judged(checkout_side.opened(new, stack, charts))
        before = checkout_side.of(base)
        state = before.intent.state if before.intent.resources else None
        judge = base.checkout if before.rules or base.checkout.policies.exists() else head.checkout
        after = checkout_side.of(head, judge, state)
        return Comparison(
            stack,
            before,
            after,
            _relaxations(before, after, revision),
            _own(head, after, revision) if judge is base.checkout else (),
            bool(charts),
        )


def _relaxations(before: Side, after: Side, revision: Revision) -> Relaxations:
    if not before.config and not before.rules:
        return Relaxations()
    rules = relaxations.of_rules(before.rules, after.rules)
    if after.rules_problem:
        rules = dict.fromkeys(before.rules, (f"No rule judges after the merge: {after.rules_problem}.",))
    settings = () if after.intent.errors else relaxations.of_settings(before.config, after.config)
    files = revision.changed if after.rules else [name for name in revision.changed if not name.startswith(POLICIES)]
    return Relaxations(rules, settings, relaxations.of_code(files))


def _own(head: OpenedSide, after: Side, revision: Revision) -> tuple[Violation, ...]:
    """Return the violations of the pull request's own rules that the base's do not report, where it changes rules."""
    if after.intent.errors or not any(name.startswith(POLICIES) for name in revision.changed):
        return ()
    said = {(violation.policy, violation.resource) for violation in after.intent.violations}
    own = engine.preview(head.checkout, head.checkout).violations
    return tuple(violation for violation in own if (violation.policy, violation.resource) not in said)
