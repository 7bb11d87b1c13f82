"""The command line of `repair`."""

from typing import Annotated

import typer

from operations import results, stacks
from operations.command_line import Json, Stack, conclude, expected_errors, nothing, progress
from operations.repair import observed_state, plan
from operations.repair.observed_state import ObservedState
from operations.repair.plan import OBSTACLE
from operations.results import Report
from pi_mesh.checks.finding import Finding, Level, Subject, unknown

Yes = Annotated[bool, typer.Option("--yes", help="Carry out the plan. Without this flag the plan is only printed.")]


def repair(stack: Stack, yes: Yes = False, as_json: Json = False) -> None:
    """Show what an interrupted `pulumi up` left behind; with --yes, clean it up so that `pulumi up` can continue.

    Looks for stale locks, orphaned plugins, half-finished releases, pending operations, CRDs of a wrong owner, and a CA
    that Vault has lost. It never touches a deployed release, nor anything while a run may be under way: it holds the
    backend's lock meanwhile. The status is 1 as long as something is left to repair.
    """
    with expected_errors("repair", stack, as_json):
        now = observed_state.read(stack, stacks.load_any(stack))
        planned = results.completed("repair", stack, _planned(now))
        if not yes or plan.find_obstacle(now):
            conclude(planned, as_json, _show_plan)
        if not as_json:
            _show_plan(planned, repairing=True)
        done = plan.carry_out(now, say=progress(as_json))
    conclude(results.completed("repair", stack, [*_unknown(now), *done]), as_json, nothing)


def _planned(now: ObservedState) -> list[Finding]:
    """Return the repairs, or only the obstacle: while a run may be under way, its open operations are no damage."""
    obstacle = plan.find_obstacle(now)
    return [*_unknown(now), *([obstacle] if obstacle else (step.finding() for step in plan.repair_steps(now)))]


def _unknown(now: ObservedState) -> list[Finding]:
    return [*_unknown_locks(now), *_unknown_ca(now)]


def _unknown_ca(now: ObservedState) -> list[Finding]:
    if not now.vault_unknown:
        return []
    message = f"gave no answer about its CA: {now.vault_unknown}"
    return [
        unknown(
            plan.LOST_CA,
            Subject("vault", now.settings.vault.address or ""),
            message,
            "run repair again when Vault answers",
        )
    ]


def _unknown_locks(now: ObservedState) -> list[Finding]:
    if now.locks_known:
        return []
    message = "is in a backend whose lock only Pulumi can see: --yes asks for it before each write"
    fix = "a killed run's lock remains: if no run is active, run `pulumi cancel` first"
    return [unknown(plan.LOCK, Subject("stack", now.stack), message, fix)]


def _show_plan(planned: Report, repairing: bool = False) -> None:
    steps = [finding for finding in planned.findings if finding.level is Level.ERROR and finding.id != OBSTACLE]
    for finding in planned.findings:
        if finding.id == OBSTACLE:
            typer.echo(f"error: {finding}", err=True)
        else:
            typer.echo(f"{finding.subject} {finding.message}\n    -> {finding.fix}")
    if repairing:
        typer.echo("Repairing:" if steps else f"Nothing to repair in stack {planned.stack}.")
    elif not planned.totals.error:
        typer.echo(f"Nothing to repair in stack {planned.stack}.")
    elif len(steps) == planned.totals.error:
        typer.echo(f"Nothing was changed. To carry out this plan: python -m operations repair -s {planned.stack} --yes")
