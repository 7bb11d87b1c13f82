"""The comparison of the working tree with its base, for one stack, and the conclusions from it."""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from operations.pull_request import checkout, engine, manifests, relaxations, sides
from operations.pull_request.checkout import Revision
from operations.pull_request.engine import Step, Violation
from operations.pull_request.manifests import Consequences
from operations.pull_request.relaxations import Relaxations
from operations.pull_request.sides import Side
from pi_mesh import inventory
from pi_mesh.budget import table
from pi_mesh.budget.mesh import mesh_budget
from pi_mesh.checks import upgrade_path
from pi_mesh.inventory import Inventory
from pi_mesh.settings import SettingsError, parse
from pi_mesh.settings.pulumi_config import plain_values


@dataclass(frozen=True)
class Comparison:
    stack: str
    before: Side
    after: Side
    relaxations: Relaxations = field(default_factory=Relaxations)
    own_violations: tuple[Violation, ...] = ()
    """Violations of the pull request's own rules, where it changes them and the base's rules do not report the same."""
    charts_at_hand: bool = False
    """True where charts.source was replaced by local charts."""

    @property
    def errors(self) -> tuple[str, ...]:
        """Return the reasons why the pull request does not preview, a line for each problem."""
        return tuple(_lines(self.after.intent.errors))

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the engine's steps on a cluster that is as the base describes it."""
        return () if self.errors else self.after.intent.steps

    @property
    def violations(self) -> tuple[Violation, ...]:
        return *self.after.intent.violations, *self.own_violations

    @property
    def broken(self) -> tuple[Violation, ...]:
        """Return the violations that refuse the pull request."""
        return tuple(violation for violation in self.violations if violation.level == "mandatory")

    @property
    def is_refused(self) -> bool:
        """Return True where the pull request breaks a mandatory rule or does not preview."""
        return bool(self.broken or self.errors)

    @cached_property
    def consequences(self) -> Consequences:
        return manifests.consequences_for_pods(self.before.objects, self.after.objects)

    @cached_property
    def _meshes(self) -> tuple[Inventory, ...]:
        try:
            settings = (parse(plain_values(side.config)) for side in (self.before, self.after))
            return tuple(inventory.mesh_inventory(each, self.stack) for each in settings)
        except SettingsError:  # a new stack, a stack of the CA alone, or invalid settings
            return ()

    @property
    def room(self) -> str:
        """Return the sentences on the Pis' room for the mesh where they change; else an empty text."""
        was, now = [table.room(mesh_budget(mesh)) for mesh in self._meshes] or ("", "")
        return "" if was == now or self.errors else now

    @cached_property
    def unsupported(self) -> tuple[str, str] | None:
        """Return a change of istio.version that Istio does not support: in a few words, and why."""
        if not self._meshes:
            return None
        was, now = (mesh.settings.istio for mesh in self._meshes)
        problem = upgrade_path.unsupported_change(was.version, now.version)
        if problem is None:
            return None
        refused = "" if now.allow_skip else ", which `up` refuses"
        words = f"**takes Istio from {was.version} to {now.version}{refused}**"
        return words, f"`istio.version` {problem.message}: {problem.fix}."


def _lines(errors: Iterable[str]) -> Iterator[str]:
    """Yield a line for each problem, without a heading that only counts several of them."""
    for error in errors:
        heading, *rest = [line.strip() for line in error.splitlines() if line.strip()] or [""]
        yield from rest if rest and heading.endswith(":") else [error]


POLICIES = "policies/"


def comparison(repository: Path, stack: str, revision: Revision, charts: str) -> Comparison:
    """Return the comparison; the base's rules and their config judge, where the base has any."""
    with tempfile.TemporaryDirectory() as scratch:
        old, new = Path(scratch, "base"), Path(scratch, "pull-request")
        checkout.unpack_base(revision.branch, repository, old)
        checkout.copy_working_tree(repository, new)
        base = sides.opened_side(old, stack, charts)
        head = sides.with_problems(sides.opened_side(new, stack, charts))
        before = sides.read_side(base)
        state = before.intent.state if before.intent.resources else None
        judge = base.checkout if before.rules or base.checkout.policies.exists() else head.checkout
        after = sides.read_side(head, judge, state)
        relaxed = replace(_relaxations(before, after, revision), charts=relaxations.lock_relaxations(old, new, stack))
        own = _own(after, revision) if judge is base.checkout else ()
        return Comparison(stack, before, after, relaxed, own, bool(charts))


def _relaxations(before: Side, after: Side, revision: Revision) -> Relaxations:
    if not before.config and not before.rules:
        return Relaxations()
    rules = relaxations.rule_relaxations(before.rules, after.rules)
    if after.rules_problem:
        rules = dict.fromkeys(before.rules, (f"No rule judges after the merge: {after.rules_problem}.",))
    settings = () if after.intent.errors else relaxations.setting_relaxations(before.config, after.config)
    files = revision.changed if after.rules else [name for name in revision.changed if not name.startswith(POLICIES)]
    return Relaxations(rules, settings, relaxations.code_relaxations(files, revision.links))


def _own(after: Side, revision: Revision) -> tuple[Violation, ...]:
    """Return the violations of the pull request's own rules that the base's do not report, where it changes rules."""
    if after.intent.errors or not any(name.startswith(POLICIES) for name in revision.changed):
        return ()
    said = {(violation.policy, violation.resource) for violation in after.intent.violations}
    own = engine.preview(after.checkout, after.checkout).violations
    return tuple(violation for violation in own if (violation.policy, violation.resource) not in said)
