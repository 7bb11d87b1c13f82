"""The command line of `adopt`."""

from itertools import groupby
from typing import Annotated

import typer

from operations import results
from operations.adopt import apply, existing_mesh, obstacles, rows
from operations.command_line import Json, Stack, conclude, expected_errors
from operations.results import Report
from pi_mesh.checks.finding import Finding, Level, Subject, ok

Yes = Annotated[bool, typer.Option("--yes", help="Carry out the plan. Without this flag the plan is only printed.")]
Undo = Annotated[bool, typer.Option("--undo", help="Undo an adoption: remove the adopted resources from the state.")]
MARKS = {Level.WARNING: "! ", Level.ERROR: "x ", Level.UNKNOWN: "? "}


def adopt(stack: Stack, yes: Yes = False, undo_: Undo = False, as_json: Json = False) -> None:
    """Adopt a mesh that Helm or the Ansible role installed, so that the next `pulumi up` updates it in place.

    Shows each adopted release and object, each value that the next `pulumi up` changes, and the pods that it restarts.
    With --yes it writes the stack file and the stack's state; in the cluster it only changes the field managers of
    policies that are going to change. Before the first `pulumi up`, --undo restores the state; after it, --undo removes
    the adopted resources from the state. The status is 1 if there is an obstacle.
    """
    with expected_errors("adopt", stack, as_json):
        findings = _undone(stack, yes, as_json) if undo_ else _adopted(stack, yes, as_json)
    conclude(results.completed("adopt", stack, findings), as_json, _verdict)


def _adopted(stack: str, yes: bool, as_json: bool) -> list[Finding]:
    there = existing_mesh.read(stack)
    if there.obstacles:
        _show(list(there.obstacles), as_json)
        return list(there.obstacles)
    if not there.releases and not there.objects:
        found = [ok(rows.RELEASES, Subject("stack", stack), "already has every resource of its mesh in its state")]
        _show(found, as_json)
        return found
    found = rows.adoption_plan(there)
    _show(found, as_json)
    if not yes:
        _say(f"Nothing was changed. To carry out this plan: python -m operations adopt -s {stack} --yes", as_json)
        return found
    done = apply.carry_out_adoption(there, lambda line: _say(line, as_json))
    _show([done], as_json)
    return [*found, done]


def _undone(stack: str, yes: bool, as_json: bool) -> list[Finding]:
    back = apply.read_undo(stack)
    if found := list(obstacles.lock_obstacles(back.now)):
        _show(found, as_json)
        return found
    found = list(apply.undo_plan(back))
    _show(found, as_json)
    if not yes and (back.released or back.marked):
        _say(
            f"Nothing was changed. To carry out this plan: python -m operations adopt -s {stack} --undo --yes", as_json
        )
    elif yes:
        apply.carry_out_undo(back)
    return found


def _show(findings: list[Finding], as_json: bool) -> None:
    """Print the rows under the names of their checks."""
    for name, group in groupby(findings, key=lambda finding: finding.id):
        _say(f"{name[0].upper()}{name[1:]}", as_json)
        for finding in group:
            _say(f"  {MARKS.get(finding.level, '')}{finding.subject}: {finding.message}", as_json)
            if finding.fix:
                _say(f"      -> {finding.fix}", as_json)


def _say(line: str, as_json: bool) -> None:
    if not as_json:
        typer.echo(line)


def _verdict(done: Report) -> None:
    typer.echo(done.verdict)
