"""The run of an upgrade: its open steps, as stack file, state and cluster show them, and the execution of each.

Nothing else is stored. Each part of a step is an operation that an owner would run by hand, in its order.
"""

import io
import tarfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from operations import pulumi, refresh, stacks
from operations.charts import sources
from operations.charts.sources import ChartUnavailableError
from operations.failures import Exit, OperationError, UsageError
from operations.pulumi import PulumiFailed
from operations.repair import observed_state, plan
from operations.repair.observed_state import ObservedState
from operations.repair.plan import Say
from operations.verify.command import verification_findings
from pi_mesh import inventory
from pi_mesh.catalog.istio import facts_of
from pi_mesh.checks import upgrade_path, upgrade_steps
from pi_mesh.checks.finding import Finding, Level, Subject, error, errors, ok, setting
from pi_mesh.checks.observe import Needs, mesh_on, observe
from pi_mesh.checks.preflight.istio_version_change import EXACT, STEP
from pi_mesh.checks.upgrade_steps import UpgradeStep
from pi_mesh.cluster import istiods, snapshot
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.stack_state import NEVER_RUN
from pi_mesh.inventory import Inventory, Kind, Release, chart_lock
from pi_mesh.settings import CaSettings
from pi_mesh.words import counted

VERSION_KEY = "istio.version"


class NoUpgradeError(OperationError):
    """The requested version cannot be reached from the running one."""

    status = Exit.PROBLEMS


@dataclass(frozen=True)
class UpgradeState:
    """The open steps of an upgrade."""

    now: ObservedState
    running: str
    """Version of the running istiod."""
    versions: tuple[str, ...]
    """Versions of the steps."""
    begun: bool
    """True where the stack file has the version of the first step, and not yet every release."""

    def steps(self) -> Iterator[UpgradeStep]:
        """Yield the steps, judged now."""
        mended = {step.id for step in plan.repair_steps(self.now)}
        state = stacks.of_export(self.now.state)
        yield from upgrade_steps.consecutive_steps(
            self.running, self.versions, self.mesh_of, self.now.snapshot, state, mended
        )

    def mesh_of(self, version: str) -> Inventory:
        """Return the mesh of the stack at another version of Istio."""
        return mesh_at_version(self.now, version)


def mesh_at_version(now: ObservedState, version: str) -> Inventory:
    """Return the mesh of a stack at another version of Istio, on the present cluster."""
    settings = stacks.load_changed(now.stack, {VERSION_KEY: version})
    return mesh_on(settings, now.stack, now.snapshot)


def read_upgrade_state(stack: str, wanted: str) -> UpgradeState:
    """Return the open steps. Raises NoUpgradeError, UsageError, and as `observed_state.read` does."""
    settings = stacks.load_any(stack)
    if isinstance(settings, CaSettings):
        raise UsageError(stack, "it makes the CA and nothing else", "name the mesh's stack")
    stacks.load_changed(stack, {VERSION_KEY: wanted})  # refuses what is no version
    now = observed_state.read(stack, settings)
    running = istiods.control_plane(now.snapshot.deployments, settings.istio.namespace)
    if not EXACT.fullmatch(running):
        message = f"no istiod of an exact version runs in namespace {settings.istio.namespace}"
        raise UsageError(stack, message, f"install the mesh: `pulumi up -s {stack}`")
    problem = upgrade_path.unsupported_change(running, wanted)
    if problem and problem.goes_back:
        raise NoUpgradeError(error(STEP, setting(VERSION_KEY), problem.message, problem.fix))
    written = settings.istio.version
    begun = _is_begun(now, running, wanted)
    later = upgrade_path.version_path(written if begun else running, wanted, settings)
    return UpgradeState(now, running, (written, *later) if begun else later, begun)


def unfinished_releases(now: ObservedState) -> list[str]:
    """Return Istio's releases, as NAMESPACE/NAME, that have another version in the state than in the stack file."""
    recorded = stacks.of_export(now.state).recorded
    mine = [one for one in now.mesh.releases if one.kind in (Kind.BASE, Kind.ISTIOD, Kind.GATEWAY)]
    return [one.id for one in mine if one.id in recorded and recorded[one.id].version != one.version]


def _is_begun(now: ObservedState, running: str, wanted: str) -> bool:
    """Return True where a run was stopped in the middle of a step, or where its owner began it by hand."""
    written = now.mesh_settings.istio.version
    if written == running:
        return bool(unfinished_releases(now))
    beyond = upgrade_path.unsupported_change(written, wanted)
    return upgrade_path.unsupported_change(running, written) is None and not (beyond and beyond.goes_back)


# The CRDs that charts before 1.24 have in `crds/`: Helm creates them once and never upgrades them.
# https://istio.io/latest/docs/setup/upgrade/helm/ says to apply them by hand before each upgrade.

CRDS = "istio CRDs"
CRD_FOLDER = "base/crds/"
CRD_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def apply_crds(context: str, base: Release) -> Finding:
    """Apply the CRDs of a base chart; their objects stay unchanged."""
    subject = Subject("chart", f"{base.chart} {base.version}")
    try:
        found = chart_crds(base)
    except ChartUnavailableError as problem:
        return error(
            CRDS, subject, f"can't be read for its CRDs: {problem}", "put it there, then run this command again"
        )
    with Client(context) as client:
        changed = sum(_apply_crd(client, crd) for crd in found)
    there = f"{counted(len(found), 'CRD is', 'CRDs are')} of this version"
    return ok(CRDS, subject, f"{there}, {changed} changed", number=changed)


def _apply_crd(client: Client, crd: Mapping) -> bool:
    """Create a CRD, or give it the chart's spec and labels; return True if that changed it."""
    path, meta = f"{CRD_PATH}/{crd['metadata']['name']}", crd["metadata"]
    live = client.get(path)
    if live is None:
        client.create(CRD_PATH, crd)
        return True
    marks = {key: meta[key] for key in ("labels", "annotations") if meta.get(key)}
    patched = client.patch(path, {"metadata": marks, "spec": crd["spec"]})
    return patched is None or patched["metadata"]["resourceVersion"] != live["metadata"]["resourceVersion"]


def chart_crds(base: Release) -> list[dict]:
    """Return the CRDs of a base chart. Raises ChartUnavailableError."""
    content = sources.read_chart(base.source.source, base.chart, base.version)
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
            yield from plan.carry_out(now, self.say)

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
            observation = observe(settings, self.stack, lambda: NEVER_RUN, Needs.VERIFICATION)
            found = verification_findings(observation)
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
        return refresh.restart_stale_workloads(settings, snapshot.read(settings.cluster.context), self.wait, self.say)
