"""The open steps of an upgrade, as stack file, state and cluster show them, and their table. Nothing else is stored."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from rich.console import Console

from operations import stacks
from operations.command_line import show_report, show_table
from operations.failures import OperationError, ProblemError, UsageError
from operations.repair import observed_state, plan
from operations.repair.observed_state import ObservedState
from operations.results import Report
from pi_mesh.catalog.istio import MINORS
from pi_mesh.checks import upgrade_path, upgrade_steps
from pi_mesh.checks.finding import Finding, Level, Subject, error, ok, setting, warning
from pi_mesh.checks.observe import mesh_on
from pi_mesh.checks.preflight import trading_hours
from pi_mesh.checks.preflight.istio_version_change import EXACT, STEP
from pi_mesh.checks.preflight.overridden_settings import EXTRA
from pi_mesh.checks.upgrade_steps import UpgradeStep
from pi_mesh.cluster import istiods
from pi_mesh.inventory import Inventory, Kind, chart_lock
from pi_mesh.settings import CaSettings
from pi_mesh.words import for_stack

VERSION_KEY = "istio.version"
MINOR = re.compile(r"v?1\.([0-9]{1,3})(?:\.x)?")


@dataclass(frozen=True)
class UpgradeState:
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
        state, mesh_at = stacks.of_export(self.now.state), partial(mesh_at_version, self.now)
        return upgrade_steps.consecutive_steps(self.running, self.versions, mesh_at, self.now.snapshot, state, mended)


def mesh_at_version(now: ObservedState, version: str) -> Inventory:
    """Return the mesh of a stack at another version of Istio, on the present cluster."""
    settings = stacks.load_changed(now.stack, {VERSION_KEY: version})
    return mesh_on(settings, now.stack, now.snapshot, chart_lock.read(now.stack))


def read_upgrade_state(stack: str, target: str) -> UpgradeState:
    """Return the open steps. Raises ProblemError for a way back, UsageError, and as `observed_state.read` does."""
    settings = stacks.load_any(stack)
    if isinstance(settings, CaSettings):
        raise UsageError(stack, "it makes the CA and nothing else", "name the mesh's stack")
    if (minor := MINOR.fullmatch(target)) and (number := int(minor[1])) in MINORS:
        newest, *_ = (*upgrade_path.newest_patches([number], settings), target)
        option, fix = Subject("command", "--to"), f"give one, such as {newest}"
        raise OperationError(error("upgrade", option, f"'{target}' names no patch", fix))
    stacks.load_changed(stack, {VERSION_KEY: target})  # refuses what is no version
    now = observed_state.read(stack, settings)
    running = istiods.control_plane(now.snapshot.deployments, settings.istio.namespace)
    if not EXACT.fullmatch(running):
        message = f"no istiod of an exact version runs in namespace {settings.istio.namespace}"
        raise UsageError(stack, message, f"install the mesh: `pulumi up -s {stack}`")
    problem = upgrade_path.unsupported_change(running, target)
    if problem and problem.goes_back:
        raise ProblemError(error(STEP, setting(VERSION_KEY), problem.message, problem.fix))
    written = settings.istio.version
    begun = _is_begun(now, running, target)
    later = upgrade_path.version_path(written if begun else running, target, settings)
    return UpgradeState(now, running, (written, *later) if begun else later, begun)


def _is_begun(now: ObservedState, running: str, target: str) -> bool:
    """Return True where a run was stopped in the middle of a step, or where its owner began it by hand."""
    written = now.mesh_settings.istio.version
    if written == running:
        recorded = stacks.of_export(now.state).recorded
        kinds = Kind.BASE, Kind.ISTIOD, Kind.GATEWAY
        istios = [release for release in now.mesh.releases if release.kind in kinds and release.id in recorded]
        return any(recorded[release.id].version != release.version for release in istios)
    step, beyond = (upgrade_path.unsupported_change(*change) for change in ((running, written), (written, target)))
    is_taken = step is None or (now.mesh_settings.istio.allow_skip and not step.goes_back)
    return is_taken and not (beyond and beyond.goes_back)


ID, DEFAULTS = "upgrade step", "changed defaults"
COLUMNS = ("Istio", "Kubernetes", "restarts", "CRDs", "stopped by")


def show_steps(steps: Sequence[UpgradeStep]) -> None:
    rows = ((step.version, step.kubernetes, _restarted(step), step.crds, _stopped(step) or "nothing") for step in steps)
    show_table(COLUMNS, rows)


def show_stops(steps: Iterable[UpgradeStep], done: Report) -> None:
    """Print in full what stops the first step that is stopped: the table names it for the others."""
    stops = {for_stack(str(stop), done.stack) for stop in next((step.stops for step in steps if step.stops), ())}
    others = tuple(finding for finding in done.findings if finding.id != ID)
    shown = tuple(entry for entry in others if str(entry) in stops or entry.level is Level.WARNING) or others
    if shown:
        show_report(done.model_copy(update={"findings": shown}))
    else:
        Console().print(done.verdict)


def planned_findings(steps: Iterable[UpgradeStep]) -> list[Finding]:
    """Return a finding for each step, followed by the problems of a stopped one; trading hours stop no plan."""
    findings: list[Finding] = []
    for step in steps:
        subject = Subject("istio", step.version)
        message = f"from {step.running}, restarts {_restarted(step)}; CRDs: {step.crds}"
        stopped = error(ID, subject, f"{message}; stopped by {_stopped(step)}", "see the next findings")
        findings += [stopped, *step.stops] if step.stops else [ok(ID, subject, message)]
        named = {finding.name for finding in findings}
        findings += [finding for finding in step.findings if finding.id == EXTRA and finding.name not in named]
        if changed := step.changed_defaults:
            minor = step.running.rpartition(".")[0]
            fix = f'`istio.values.compatibilityVersion: "{minor}"` keeps the behaviour of {minor} until you are ready'
            findings.append(warning(DEFAULTS, subject, f"other defaults of istiod: {', '.join(changed)}", fix))
    return trading_hours.shown_only(findings)


def not_begun(now: UpgradeState) -> Finding:
    """Return the finding of an upgrade to which nobody agreed."""
    message = f"was not taken from {now.running} to {now.versions[-1]}, for nobody agreed; nothing was changed"
    return error(ID, setting(VERSION_KEY), message, "upgrade --yes carries out the steps above")


def _stopped(step: UpgradeStep) -> str:
    return ", ".join(dict.fromkeys(finding.id for finding in step.stops))


def _restarted(step: UpgradeStep) -> str:
    """Return whose pods `up` makes anew, by their titles, and the sidecars, which `refresh` restarts."""
    titles = {f"Deployment {workload.id}": workload.title for workload in step.mesh.workloads}
    return ", ".join([*(titles.get(name, name) for name in step.forecast.of_traffic), "sidecars"])
