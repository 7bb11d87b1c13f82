"""The program's own preflight: every preview and up reads the cluster once, before any resource is registered."""

from datetime import date

import pulumi

from pi_mesh import inventory
from pi_mesh.checks import restarts, traffic
from pi_mesh.checks.finding import Finding, Level, errors
from pi_mesh.checks.preflight import charts, ingress_namespace, run, trading_hours, undone_settings, versions
from pi_mesh.checks.restarts import Forecast
from pi_mesh.cluster import ca_issuer, identity, load_balancer
from pi_mesh.cluster.errors import ClusterUnreachable, WrongContext
from pi_mesh.cluster.snapshot import Snapshot, read
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.inventory import Inventory, chart_lock
from pi_mesh.inventory.chart_lock import LockedChart
from pi_mesh.settings import Settings


def guard(settings: Settings, state: StackState, lock: tuple[LockedChart, ...] | None = None) -> Snapshot | None:
    """The cluster as it is; warnings and unknowns are logged. None in a preview whose cluster does not answer.

    Raises pulumi.RunError, with every problem in one message, where the mesh must not be touched.
    """
    try:
        snapshot = ca_issuer.seen(read(settings.cluster.context), settings)
        identity.require(settings.cluster, state.cluster_uid, snapshot.uid)
    except WrongContext as problem:
        raise pulumi.RunError(str(problem)) from None
    except ClusterUnreachable as problem:
        if not pulumi.runtime.is_dry_run():
            raise pulumi.RunError(f"{problem}; nothing was touched") from None
        pulumi.log.warn(f"Preflight not done, this preview only shows what the settings say: {problem}")
        mesh = inventory.of(settings, pulumi.get_stack(), lock=lock)
        _note_unlocked(mesh)
        of_charts = charts.check(mesh, None) if mesh.is_locked else ()
        alone = [
            *of_charts,
            *undone_settings.check(mesh, None),
            *ingress_namespace.check(mesh, None, state),
        ]
        _report([versions.end_of_life(settings, date.today()), *alone, *traffic.run(settings, None)])
        return None
    mesh = inventory.of(settings, pulumi.get_stack(), load_balancer.served(settings, snapshot), lock=lock)
    _note_unlocked(mesh)
    findings = run(mesh, snapshot, state)
    _report(trading_hours.shown_only(findings) if pulumi.runtime.is_dry_run() else findings)
    _forecast(restarts.of(mesh, state))
    return snapshot


def _note_unlocked(mesh: Inventory) -> None:
    """Say in a preview that nothing vouches for the charts: they run with all rights in the cluster."""
    if pulumi.runtime.is_dry_run() and not mesh.is_locked:
        fix = f"`python -m operations charts lock -s {mesh.stack}` pins them"
        pulumi.log.info(f"Charts are trusted unseen: {chart_lock.FILE} does not have this stack; {fix}")


def _forecast(forecast: Forecast) -> None:
    """Say in a preview whose pods the `up` makes anew, and what running proxies keep."""
    if not pulumi.runtime.is_dry_run():
        return
    if forecast.restarts:
        pulumi.log.info(f"Pods made anew: {', '.join(forecast.restarts)}")
    if forecast.removed:
        pulumi.log.info(f"Pods deleted: {', '.join(forecast.removed)}")
    if forecast.keep:
        kept = ", ".join(forecast.keep)
        pulumi.log.info(f"Running proxies keep the old {kept} until `python -m operations refresh -s STACK`")


def _report(findings: list[Finding]) -> None:
    for finding in findings:
        if finding.level in (Level.WARNING, Level.UNKNOWN):
            pulumi.log.warn(f"{finding.id}: {finding}")
    if problems := errors(findings):
        lines = [f"  {finding.id}: {finding}" for finding in problems]
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise pulumi.RunError("\n".join([f"Preflight found {count}; nothing was touched:", *lines]))
