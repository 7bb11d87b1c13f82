"""The program's preflight: each preview and `up` reads the cluster once before it registers a resource."""

import pulumi

from pi_mesh.checks import registry, restarts
from pi_mesh.checks.finding import Finding, Level, errors
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.observe import mesh_on, observe
from pi_mesh.checks.preflight import trading_hours
from pi_mesh.cluster.errors import ClusterUnreachable, WrongContext
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.inventory import Inventory, chart_lock
from pi_mesh.settings import Settings
from pi_mesh.words import counted, for_stack

Told = dict[str, str]
"""Level, warning or unknown, by the ID of the check."""


def guard(settings: Settings, state: StackState) -> tuple[Observation, Told]:
    """Return what passed the checks, and of what they told; log warnings and unknowns.

    The observation of a preview whose cluster does not answer has no snapshot. Raises pulumi.RunError, with every
    problem in one message, if a check has errors.
    """
    preview, lock = pulumi.runtime.is_dry_run(), chart_lock.read(pulumi.get_stack())
    try:
        observation = observe(settings, pulumi.get_stack(), lambda: state, lock)
    except WrongContext as problem:
        raise pulumi.RunError(for_stack(str(problem), pulumi.get_stack())) from None
    except ClusterUnreachable as problem:
        if not preview:
            raise pulumi.RunError(f"{problem}; nothing was touched") from None
        pulumi.log.warn(f"Preflight not done, so this preview shows only what the settings say: {problem}")
        observation = Observation(mesh_on(settings, pulumi.get_stack(), None, lock), state=state)
        _note_unlocked(observation.mesh)
        return observation, _report(registry.findings(registry.PREVIEW, observation))
    _note_unlocked(observation.mesh)
    _note_unguarded(state)
    findings = registry.findings(registry.PREVIEW if preview else registry.UP, observation)
    told = _report(trading_hours.shown_only(findings) if preview else findings)
    if preview:
        forecast = restarts.forecast(observation.mesh, state, observation.snapshot.pods)
        for sentence in forecast.sentences(observation.mesh.stack):
            pulumi.log.info(sentence)
    return observation, told


def _note_unlocked(mesh: Inventory) -> None:
    """Log, in a preview, that the charts are not locked, although they run with all rights in the cluster."""
    if pulumi.runtime.is_dry_run() and not mesh.is_locked:
        fix = f"`python -m operations charts lock -s {mesh.stack}` pins them"
        pulumi.log.info(f"Charts are trusted unseen: {chart_lock.FILE} does not have this stack; {fix}")


def _note_unguarded(state: StackState) -> None:
    """Log, in a preview, that a destroy still asks nobody: the stack's last `up` was of a version before 0.2.0."""
    if pulumi.runtime.is_dry_run() and state.releases and not state.has_guard:
        pulumi.log.info(
            "`pulumi destroy` of this stack deletes the workloads of others without asking until the next `pulumi up`, "
            "which adds the guard destroy-guard (destroy.workloads)"
        )


def _report(findings: list[Finding]) -> Told:
    lines = {finding: for_stack(f"{finding.id}: {finding}", pulumi.get_stack()) for finding in findings}
    for finding, line in lines.items():
        if finding.level in (Level.WARNING, Level.UNKNOWN):
            pulumi.log.warn(line)
    if problems := errors(findings):
        heading = f"Preflight found {counted(len(problems), 'problem')}; nothing was touched:"
        raise pulumi.RunError("\n".join([heading, *(f"  {lines[finding]}" for finding in problems)]))
    return {finding.id: finding.level.value for finding in findings if finding.level is not Level.OK}
