"""The command `adopt`: take over a mesh that Helm or the Ansible role installed."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from operations.command_line import Consent, DryRun, Json, Stack, Yes, conclude_findings, expected_errors
from pi_mesh.checks.finding import Finding, Level, Subject, errors, ok

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Undo = Annotated[bool, typer.Option("--undo", help="Undo an adoption: remove the adopted resources from the state.")]
MARKS = {Level.WARNING: "! ", Level.ERROR: "x ", Level.UNKNOWN: "? "}


def adopt(stack: Stack, yes: Yes = False, dry_run: DryRun = False, undo_: Undo = False, as_json: Json = False) -> None:
    """Adopt a mesh that Helm or the Ansible role installed, so that the next `pulumi up` updates it in place.

    Shows each adopted release and object, each value that the next `pulumi up` changes, and the pods that it restarts.
    After a yes on a terminal, or with --yes, it writes the stack file and the stack's state; in the cluster it only
    changes the field managers of policies that are going to change. Before the first `pulumi up`, --undo restores the
    state; after it, --undo removes the adopted resources from the state. The status is 1 if there is an obstacle.
    """
    with expected_errors("adopt", stack, as_json):
        consent = Consent(f"adopt -s {stack}{' --undo' if undo_ else ''}", yes=yes, dry_run=dry_run, as_json=as_json)
        findings = _undone(stack, consent) if undo_ else _adopted(stack, consent)
    conclude_findings("adopt", stack, findings, as_json, lambda done: typer.echo(done.verdict))


def _adopted(stack: str, consent: Consent) -> list[Finding]:
    from operations.adopt import apply, existing_mesh, plan

    there = existing_mesh.read(stack)
    if there.obstacles:
        return _shown(there.obstacles, consent.say)
    if not there.releases and not there.objects:
        complete = ok(plan.RELEASES, Subject("stack", stack), "already has every resource of its mesh in its state")
        return _shown([complete], consent.say)
    findings = _shown(plan.adoption_plan(there), consent.say)
    if errors(findings) or not consent.is_given("Adopt the mesh?"):
        return findings
    return [*findings, *_shown([apply.carry_out_adoption(there, consent.say)], consent.say)]


def _undone(stack: str, consent: Consent) -> list[Finding]:
    from operations.adopt import apply, obstacles

    back = apply.read_undo(stack)
    if held := list(obstacles.lock_obstacles(back.now)):
        return _shown(held, consent.say)
    findings = _shown(apply.undo_plan(back), consent.say)
    if (back.released or back.marked) and consent.is_given("Take the adoption back?"):
        apply.carry_out_undo(back)
    return findings


def _shown(findings: Iterable[Finding], say: Callable[[str], None]) -> list[Finding]:
    """Print the rows under the names of their checks, and return them."""
    rows = list(findings)
    for name, group in groupby(rows, key=lambda finding: finding.id):
        say(f"{name[0].upper()}{name[1:]}")
        for finding in group:
            say(f"  {MARKS.get(finding.level, '')}{finding.subject}: {finding.message}")
            if finding.fix:
                say(f"      -> {finding.fix}")
    return rows
