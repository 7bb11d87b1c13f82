"""The run of an upgrade: each open step, made of the operations that an owner would run by hand, in their order."""

import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from operations import pulumi, stacks
from operations.charts.lock import CHANGED, ChangedChartError, ChartUnavailableError, fetch_chart
from operations.command_line import Consent
from operations.pulumi import PulumiFailed
from operations.refresh import restarts
from operations.repair import observed_state, plan
from operations.upgrade.steps import VERSION_KEY, UpgradeState, mesh_at_version
from operations.verify.verification import verification_findings
from pi_mesh import inventory
from pi_mesh.catalog.istio import facts_of
from pi_mesh.checks import upgrade_steps
from pi_mesh.checks.finding import Finding, Level, Subject, error, errors, ok
from pi_mesh.checks.observe import Needs, observe
from pi_mesh.cluster import istiods, snapshot
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.stack_state import NEVER_RUN
from pi_mesh.inventory import Kind, Release, chart_lock
from pi_mesh.waiting import until
from pi_mesh.words import counted

# The CRDs that charts before 1.24 have in `crds/`: Helm creates them once and never upgrades them.
# https://istio.io/latest/docs/setup/upgrade/helm/ says to apply them by hand before each upgrade.

CRDS = "istio CRDs"
CRD_FOLDER = "base/crds/"


def apply_crds(context: str, base: Release) -> Finding:
    """Apply the CRDs of a base chart; their objects stay unchanged."""
    subject = Subject("chart", f"{base.chart} {base.version}")
    try:
        crds = chart_crds(base)
    except (ChartUnavailableError, ChangedChartError) as problem:
        fix = CHANGED if isinstance(problem, ChangedChartError) else f"put it there, {AGAIN}"
        return error(CRDS, subject, f"can't be read for its CRDs: {problem}", fix)
    with Client(context) as client:
        changed = sum(_apply_crd(client, crd) for crd in crds)
    there = f"{counted(len(crds), 'CRD is', 'CRDs are')} of this version"
    return ok(CRDS, subject, f"{there}, {changed} changed", number=changed)


def _apply_crd(client: Client, crd: Mapping) -> bool:
    """Create a CRD, or give it the chart's spec and labels; return True if that changed it."""
    path, meta = f"{snapshot.CRDS}/{crd['metadata']['name']}", crd["metadata"]
    live = client.get(path)
    if live is None:
        client.create(snapshot.CRDS, crd)
        return True
    marks = {key: meta[key] for key in ("labels", "annotations") if meta.get(key)}
    patched = client.patch(path, {"metadata": marks, "spec": crd["spec"]})
    return patched is None or patched["metadata"]["resourceVersion"] != live["metadata"]["resourceVersion"]


def chart_crds(base: Release) -> list[dict]:
    """Return the CRDs of a base chart. Raises as `fetch_chart` does."""
    _, content = fetch_chart(base.source.source, base.chart, base.version, base.sha256)
    with tarfile.open(fileobj=io.BytesIO(content)) as chart:
        names = [name for name in chart.getnames() if name.startswith(CRD_FOLDER)]
        texts = [file.read() for name in names if (file := chart.extractfile(name))]
    return [crd for text in texts for crd in yaml.load_all(text, yaml.CSafeLoader) if crd]


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
    consent: Consent
    """Consent to the restarts of workloads, given already where the upgrade has a step."""
    later: tuple[str, ...]
    """Versions of the further steps."""
    changes: bool = True

    def carried_out(self) -> Iterator[Finding]:
        """Yield the finding of each part; an error is the last."""
        change = {"preflight": self._admitted, "preview, up": self._applied}
        for name, part in {**change, "verify": self._verified, "refresh": self._refreshed}.items():
            self.consent.say(f"Istio {self.version}: {name}")
            findings = list(part())
            yield from findings
            if errors(findings):
                return

    @property
    def _subject(self) -> Subject:
        return Subject("istio", self.version)

    def _admitted(self) -> Iterable[Finding]:
        """Yield the findings of the preflight, then clean up what a killed run left."""
        now = observed_state.read(self.stack, stacks.load_changed(self.stack, {VERSION_KEY: self.version}))
        if obstacle := plan.find_obstacle(now):
            yield obstacle
            return
        left = plan.repair_steps(now)
        mesh = mesh_at_version(now, self.version)
        running = istiods.control_plane(now.snapshot.deployments, mesh.settings.istio.namespace)
        state = stacks.of_export(now.state)
        step = upgrade_steps.upgrade_step(running, mesh, now.snapshot, state, {each.id for each in left}, self.later)
        if step.stops:
            yield from step.stops
            return
        warnings = [finding for finding in step.findings if finding.level is Level.WARNING]
        yield ok("preflight", self._subject, f"may be installed ({len(warnings)} of its checks warn)")
        if left:
            yield from plan.carry_out(now, self.consent.say)

    def _applied(self) -> Iterable[Finding]:
        """Write the version into the stack file, preview it with the policy pack, run `up`, and yield the findings."""
        before = stacks.load(self.stack).istio.version
        if before != self.version:
            pulumi.set_config(self.stack, VERSION_KEY, self.version)
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
            pulumi.set_config(self.stack, VERSION_KEY, before)
        message += f"; nothing of this step was applied, the stack file says {before}"
        return error(ID, Subject("stack", self.stack), message, fix)

    def _crds(self) -> Iterable[Finding]:
        """Apply the CRDs where the base chart does not."""
        settings = stacks.load(self.stack)
        base = inventory.mesh_inventory(settings, self.stack, lock=chart_lock.read(self.stack)).the(Kind.BASE)
        if self.changes and not facts_of(base.version).crds_are_templates:
            yield apply_crds(settings.cluster.context, base)

    def _up(self, changes: dict[str, str]) -> Finding:
        done = ok(ID, self._subject, f"is up, {counted(len(changes), 'resource')} changed", number=len(changes))
        failed = "`pulumi up` failed, see above; unfinished releases keep running unchanged"
        return pulumi.applied(self.stack, self.judged, done, failed, f"correct that, {AGAIN}")

    def _verified(self) -> Iterable[Finding]:
        """Yield the findings of `verify`, after proxies had time to connect to a new istiod."""
        settings = stacks.load(self.stack)

        def verify() -> list[Finding]:
            lock = chart_lock.read(self.stack)
            return verification_findings(observe(settings, self.stack, lambda: NEVER_RUN, lock, Needs.VERIFICATION))

        findings = until(verify, PATIENCE, PAUSE, done=lambda findings: not errors(findings))
        if problems := errors(findings):
            yield from problems
            yield error(ID, self._subject, "runs, and `verify` finds errors in the mesh", f"mend them, {AGAIN}")
        else:
            yield ok("verify", self._subject, "is as the settings say", number=len(findings))

    def _refreshed(self) -> Iterable[Finding]:
        """Return the result for each workload with a stale proxy."""
        settings = stacks.load(self.stack)
        cluster = snapshot.read(settings.cluster.context)
        return restarts.restart_stale_workloads(settings, cluster, self.wait, self.consent)


def carry_out_upgrade(now: UpgradeState, judged: bool, wait: int, consent: Consent) -> Iterator[Finding]:
    """Yield the result of each step, up to the first incomplete one; after the last, the version that now runs."""
    stack, versions = now.now.stack, now.versions
    how = judged, wait, consent
    first = [] if now.begun else [StepRun(stack, now.running, *how, versions, changes=False)]
    steps = [StepRun(stack, version, *how, versions[number:]) for number, version in enumerate(versions, 1)]
    for step in (*first, *steps):
        findings = list(step.carried_out())
        yield from findings
        if errors(findings):
            return
    *_, last = (now.running, *versions)
    # The stack file on this machine alone has the version until somebody commits it.
    message = f"runs Istio {last}, as {VERSION_KEY} in Pulumi.{stack.rpartition('/')[2]}.yaml says: commit that file"
    yield ok(ID, Subject("stack", stack), message)
