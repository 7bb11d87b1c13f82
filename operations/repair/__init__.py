"""The command `repair`: find what a killed `pulumi up` left behind, and clean it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from operations.command_line import Consent, DryRun, Json, Stack, Yes, conclude, expected_errors, nothing

if TYPE_CHECKING:
    from operations.repair.observed_state import ObservedState
    from operations.results import Report
    from pi_mesh.cluster.live_objects import Pair

Drift = Annotated[bool, typer.Option("--drift", help="Also undo what was changed by hand, as `verify` names it.")]


def repair(
    stack: Stack, drift: Drift = False, yes: Yes = False, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Show what an interrupted `pulumi up` left behind; after a yes, clean it up so that `pulumi up` can continue.

    Looks for stale locks, orphaned plugins, half-finished releases, pending operations, CRDs of a wrong owner, and a CA
    that Vault has lost. Shows the repairs, and carries them out after a yes on a terminal or with --yes. It never
    touches a deployed release, nor anything while a run may be under way: it holds the backend's lock meanwhile. The
    status is 1 as long as something is left to repair. With --drift, and where nothing was interrupted, objects of the
    mesh that somebody changed or deleted are set to what was last applied; a changed Deployment restarts its pods.
    """
    with expected_errors("repair", stack, as_json):
        from operations import stacks
        from operations.repair import observed_state, plan
        from operations.results import completed

        now = observed_state.read(stack, stacks.load_any(stack))
        now = _with_drift(now) if drift and now.context else now
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


def _with_drift(now: ObservedState) -> ObservedState:
    """Return the state with the objects that are not as they were applied; a setting not yet applied is no drift."""
    from dataclasses import replace

    from operations import stacks
    from operations.repair.observed_state import resources
    from pi_mesh.checks.observe import Needs, observe
    from pi_mesh.checks.verify.diff import differences
    from pi_mesh.checks.verify.drift_of_releases import certain_changes
    from pi_mesh.inventory import chart_lock
    from pi_mesh.names import object_key

    lock, exported = chart_lock.read(now.stack), stacks.of_export(now.state)
    pairs = observe(now.mesh_settings, now.stack, lambda: exported, lock, Needs.VERIFICATION).live.pairs
    inputs = [entry["inputs"] for entry in resources(now.state) if "metadata" in entry.get("inputs", {})]
    applied = {object_key(manifest): manifest for manifest in inputs}

    def is_drift(pair: Pair) -> bool:
        recorded = applied.get(object_key(pair.wanted))
        is_applied = pair.release or (recorded and not [*differences(pair.wanted, recorded)])
        return bool(is_applied and (certain_changes(pair) or not (pair.live or pair.refusal)))

    return replace(now, drift=tuple(filter(is_drift, pairs)))
