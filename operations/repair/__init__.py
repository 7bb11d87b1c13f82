"""The command `repair`: find what a killed `pulumi up` left behind, and clean it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from operations.command_line import Consent, DryRun, Json, Stack, Yes, conclude, expected_errors, nothing

if TYPE_CHECKING:
    from operations.results import Report


def repair(stack: Stack, yes: Yes = False, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Show what an interrupted `pulumi up` left behind; after a yes, clean it up so that `pulumi up` can continue.

    Looks for stale locks, orphaned plugins, half-finished releases, pending operations, CRDs of a wrong owner, and a CA
    that Vault has lost. Shows the repairs, and carries them out after a yes on a terminal or with --yes. It never
    touches a deployed release, nor anything while a run may be under way: it holds the backend's lock meanwhile. The
    status is 1 as long as something is left to repair.
    """
    with expected_errors("repair", stack, as_json):
        from operations import stacks
        from operations.repair import observed_state, plan
        from operations.results import completed

        now = observed_state.read(stack, stacks.load_any(stack))
        planned = completed("repair", stack, plan.planned_findings(now))
        if not as_json:
            _show_plan(planned)
        consent = Consent(f"repair -s {stack}", yes=yes, dry_run=dry_run, as_json=as_json)
        if not plan.find_obstacle(now) and planned.totals.error and consent.is_given("Repair the stack?"):
            findings = [*plan.unknown_findings(now), *plan.carry_out(now, say=consent.say)]
            planned = completed("repair", stack, findings)
    conclude(planned, as_json, nothing)


def _show_plan(planned: Report) -> None:
    from operations.repair.plan import OBSTACLE

    for finding in planned.findings:
        if finding.id == OBSTACLE:
            typer.echo(f"error: {finding}", err=True)
        else:
            typer.echo(f"{finding.subject} {finding.message}\n    -> {finding.fix}")
    if not planned.totals.error:
        typer.echo(f"Nothing to repair in stack {planned.stack}.")
