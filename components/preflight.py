"""The program's preflight: each preview and `up` reads the cluster once before it registers a resource."""

from datetime import date

import pulumi

from pi_mesh import inventory
from pi_mesh.checks import restarts, traffic
from pi_mesh.checks.finding import Finding, Level, errors
from pi_mesh.checks.preflight import (
    charts,
    cut_callers,
    kubernetes_version,
    namespaces,
    overridden_settings,
    run,
    trading_hours,
)
from pi_mesh.checks.restarts import Forecast
from pi_mesh.cluster import identity, load_balancers, settings_objects
from pi_mesh.cluster.errors import ClusterUnreachable, WrongContext
from pi_mesh.cluster.snapshot import Snapshot, read
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.inventory import Inventory, chart_lock
from pi_mesh.inventory.chart_lock import LockedChart
from pi_mesh.settings import Settings
from pi_mesh.words import counted


def guard(settings: Settings, state: StackState, lock: tuple[LockedChart, ...] | None = None) -> Snapshot | None:
    """Return the cluster's snapshot and log warnings and unknown results.

    Returns None in a preview whose cluster does not answer. Raises pulumi.RunError, with every problem in one message,
    if a check has errors.
    """
    try:
        snapshot = settings_objects.with_settings_objects(read(settings.cluster.context), settings)
        identity.require(settings.cluster, state.cluster_uid, snapshot.uid)
        snapshot = cut_callers.with_needed_audit(snapshot, settings, state)
    except WrongContext as problem:
        raise pulumi.RunError(str(problem)) from None
    except ClusterUnreachable as problem:
        if not pulumi.runtime.is_dry_run():
            raise pulumi.RunError(f"{problem}; nothing was touched") from None
        pulumi.log.warn(f"Preflight not done, so this preview shows only what the settings say: {problem}")
        mesh = inventory.mesh_inventory(settings, pulumi.get_stack(), lock=lock)
        _note_unlocked(mesh)
        of_charts = charts.check(mesh, None) if mesh.is_locked else ()
        alone = [
            *of_charts,
            *overridden_settings.check(mesh, None),
            *namespaces.check_ingress(mesh, None, state),
        ]
        _report([kubernetes_version.end_of_life(settings, date.today()), *alone, *traffic.run(settings, None)])
        return None
    mesh = inventory.mesh_inventory(
        settings, pulumi.get_stack(), load_balancers.served_gateways(settings, snapshot), lock=lock
    )
    _note_unlocked(mesh)
    _note_unguarded(state)
    findings = run(mesh, snapshot, state)
    _report(trading_hours.shown_only(findings) if pulumi.runtime.is_dry_run() else findings)
    _forecast(restarts.forecast(mesh, state))
    return snapshot


def _note_unlocked(mesh: Inventory) -> None:
    """Log, in a preview, that the charts are not locked, although they run with all rights in the cluster."""
    if pulumi.runtime.is_dry_run() and not mesh.is_locked:
        fix = f"`python -m operations charts lock -s {mesh.stack}` pins them"
        pulumi.log.info(f"Charts are trusted unseen: {chart_lock.FILE} does not have this stack; {fix}")


def _note_unguarded(state: StackState) -> None:
    """Log, in a preview, that a destroy still asks nobody: the stack's last `up` was of a version before 0.2.0."""
    if pulumi.runtime.is_dry_run() and state.releases and not state.has_guard:
        asks = (
            "`pulumi destroy` of this stack deletes the workloads of others without asking until the next `pulumi up`"
        )
        pulumi.log.info(f"{asks}, which adds the guard destroy-guard (destroy.workloads)")


def _forecast(forecast: Forecast) -> None:
    """Log, in a preview, whose pods `up` restarts and which old values running proxies keep."""
    if not pulumi.runtime.is_dry_run():
        return
    if forecast.restarts:
        pulumi.log.info(f"Pods that `up` restarts: {', '.join(forecast.restarts)}")
    if forecast.removed:
        pulumi.log.info(f"Pods that `up` deletes: {', '.join(forecast.removed)}")
    if forecast.keep:
        kept = ", ".join(forecast.keep)
        pulumi.log.info(f"Running proxies keep the old {kept} until `python -m operations refresh -s STACK`")


def _report(findings: list[Finding]) -> None:
    for finding in findings:
        if finding.level in (Level.WARNING, Level.UNKNOWN):
            pulumi.log.warn(f"{finding.id}: {finding}")
    if problems := errors(findings):
        lines = [f"  {finding.id}: {finding}" for finding in problems]
        found = f"Preflight found {counted(len(problems), 'problem')}; nothing was touched:"
        raise pulumi.RunError("\n".join([found, *lines]))
