"""The execution of one step of an upgrade: each part is an operation that an owner would run by hand, in its order."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from operations import pulumi, refresh, stacks, verify
from operations.pulumi import PulumiFailed
from operations.repair import apply, observed_state, plan
from operations.repair.apply import Say
from operations.upgrade import crd_files, upgrade_state
from pi_mesh import inventory
from pi_mesh.catalog.istio import facts_of
from pi_mesh.checks import upgrade_steps
from pi_mesh.checks.finding import Finding, Level, Subject, error, errors, ok
from pi_mesh.checks.verify import presence
from pi_mesh.cluster import istiods, snapshot
from pi_mesh.counts import counted
from pi_mesh.inventory import Kind, chart_lock

ID = "upgrade"
LEFT_BY_UP = "applied"
"""Resource with the record of what `up` applied; a run that was stopped at its end may not have updated it."""
PATIENCE, PAUSE = 60.0, 2.0
"""Seconds that proxies have to connect to a new istiod before verify judges them, and seconds between two looks."""
AGAIN = "then run this command again: it goes on from here"


@dataclass(frozen=True)
class StepRun:
    """A step to one version or, without `changes`, the open work of the running version."""

    stack: str
    version: str
    judged: bool
    """True where the policy pack applies."""
    wait: int
    say: Say
    later: tuple[str, ...]
    """Versions of the further steps."""
    changes: bool = True

    def carried_out(self) -> Iterator[Finding]:
        """Yield the finding of each part; an error is the last."""
        change = {"preflight": self._admitted, "preview, up": self._applied}
        for name, part in {**change, "verify": self._verified, "refresh": self._refreshed}.items():
            self.say(f"Istio {self.version}: {name}")
            found = list(part())
            yield from found
            if errors(found):
                return

    @property
    def _subject(self) -> Subject:
        return Subject("istio", self.version)

    def _admitted(self) -> Iterable[Finding]:
        """Yield the findings of the preflight, then clean up what a killed run left."""
        now = observed_state.read(self.stack, stacks.load_changed(self.stack, {upgrade_state.KEY: self.version}))
        if obstacle := plan.blocked(now):
            yield obstacle
            return
        left = plan.steps(now)
        mesh = upgrade_state.mesh_of(now, self.version)
        running = istiods.control_plane(now.snapshot.deployments, mesh.settings.istio.namespace)
        state = stacks.of_export(now.state)
        step = upgrade_steps.judge(running, mesh, now.snapshot, state, {each.id for each in left}, self.later)
        if step.stops:
            yield from step.stops
            return
        warnings = [finding for finding in step.findings if finding.level is Level.WARNING]
        yield ok("preflight", self._subject, f"may be installed ({len(warnings)} of its checks warn)")
        if left:
            yield from apply.carry_out(now, self.say)

    def _applied(self) -> Iterable[Finding]:
        """Write the version into the stack file, preview it with the policy pack, run `up`, and yield the findings."""
        before = stacks.load(self.stack).istio.version
        if before != self.version:
            pulumi.set_config(self.stack, upgrade_state.KEY, self.version)
        try:
            steps = pulumi.pending(self.stack, self.judged)
        except PulumiFailed as problem:
            yield self._taken_back(before, problem.finding.message.removeprefix("failed: "), f"correct that, {AGAIN}")
            return
        changes = {urn.rpartition("::")[2]: operation for urn, operation in steps.items()}
        if refused := self._refused(changes):
            yield self._taken_back(before, *refused)
        elif changes:
            crds = list(self._crds())
            yield from crds
            if not errors(crds):
                yield self._up(changes)

    def _refused(self, changes: dict[str, str]) -> tuple[str, str] | None:
        """Return why these changes of an `up` are not those of the step, and what to do; None where they are."""
        if harmful := [f"{operation} {name}" for name, operation in changes.items() if operation in pulumi.HARMFUL]:
            message = f"`up` would not only update: {', '.join(harmful)}"
            return message, f"look at `pulumi preview --diff -s {self.stack}`, {AGAIN}"
        others = [f"{operation} {name}" for name, operation in changes.items() if name != LEFT_BY_UP]
        if others and not self.changes:
            message = f"the stack has changes that are not applied yet: {', '.join(others)}"
            return message, f"apply them with `pulumi up -s {self.stack}`, or revert them, {AGAIN}"
        return None

    def _taken_back(self, before: str, message: str, fix: str) -> Finding:
        """Restore the stack file, so that no other `up` takes the refused step."""
        if before != self.version:
            pulumi.set_config(self.stack, upgrade_state.KEY, before)
        message += f"; nothing of this step was applied, the stack file says {before}"
        return error(ID, Subject("stack", self.stack), message, fix)

    def _crds(self) -> Iterable[Finding]:
        """Apply the CRDs where the base chart does not."""
        settings = stacks.load(self.stack)
        base = inventory.of(settings, self.stack, lock=chart_lock.read(self.stack)).the(Kind.BASE)
        if self.changes and not facts_of(base.version).crds_are_templates:
            yield crd_files.upgrade(settings.cluster.context, base)

    def _up(self, changes: dict[str, str]) -> Finding:
        try:
            pulumi.up(self.stack, self.judged)
        except PulumiFailed:
            message = "`pulumi up` failed, see above; unfinished releases keep running unchanged"
            return error(ID, self._subject, message, f"correct that, {AGAIN}")
        return ok(ID, self._subject, f"is up, {counted(len(changes), 'resource')} changed", number=len(changes))

    def _verified(self) -> Iterable[Finding]:
        """Yield the findings of `verify`, after proxies had time to connect to a new istiod."""
        settings, until = stacks.load(self.stack), time.monotonic() + PATIENCE
        while True:
            seen = verify.read(settings, self.stack, read_only=False)
            found = presence.absence(seen) or verify.judge(seen)
            if not errors(found):
                yield ok("verify", self._subject, "is as the settings say", number=len(found))
                return
            if time.monotonic() >= until:
                yield from errors(found)
                yield error(ID, self._subject, "runs, and `verify` finds errors in the mesh", f"mend them, {AGAIN}")
                return
            time.sleep(PAUSE)

    def _refreshed(self) -> Iterable[Finding]:
        """Return the result for each workload with a stale proxy."""
        settings = stacks.load(self.stack)
        return refresh.refreshed(settings, snapshot.read(settings.cluster.context), self.wait, self.say)
