"""The command."""

import json
from typing import Annotated

import typer

from operations import stacks
from operations.command_line import Exit, Json, Stack, one_clear_line
from operations.repair import apply, observed_state, plan
from operations.repair.apply import Say
from operations.repair.plan import Step
from operations.repair.writes import StillDeployedError

Yes = Annotated[bool, typer.Option("--yes", help="Do it; without, the plan is only shown.")]


def repair(stack: Stack, yes: Yes = False, as_json: Json = False) -> None:
    """Show what a killed run left behind, and with --yes clear it away; a plain `pulumi up` then goes on.

    Looks for stale locks, orphaned plugins, releases stuck half-way, pending operations and CRDs of a wrong owner.
    Never touches a deployed release. Status 1 as long as something is left to repair.
    """
    with one_clear_line():
        now = observed_state.read(stack, stacks.load(stack))
        obstacle, steps = plan.blocked(now), plan.steps(now)
        do_it = yes and not obstacle
        if not as_json:
            _show(stack, steps, obstacle, do_it, now.locks_known)
        if do_it:
            _carry_out(now, say=_nothing if as_json else typer.echo)
    if as_json:
        print(json.dumps({"stack": stack, "blocked": obstacle, "done": do_it, "steps": [_plain(s) for s in steps]}))
    raise typer.Exit(Exit.PROBLEMS if obstacle or (steps and not yes) else Exit.OK)


def _nothing(_: str) -> None:
    """JSON is all that is printed."""


def _carry_out(now: observed_state.Situation, say: Say) -> None:
    try:
        apply.carry_out(now, say)
    except StillDeployedError as change:
        typer.echo(f"error: {change}; somebody is at work there, nothing was done to it", err=True)
        raise typer.Exit(Exit.PROBLEMS) from None


def _show(stack: str, steps: list[Step], obstacle: str, do_it: bool, locks_known: bool) -> None:
    if not locks_known:
        typer.echo("This backend's locks can't be looked at; should `pulumi up` find one: `pulumi cancel`.")
    for step in steps:
        typer.echo(f"{step.where} {step.found}\n    -> {step.act.value}")
    if obstacle:
        typer.echo(f"error: {obstacle}; nothing was repaired", err=True)
    elif not steps:
        typer.echo(f"Nothing to repair in stack {stack}.")
    elif not do_it:
        typer.echo(f"Nothing was done. To do this: python -m operations repair -s {stack} --yes")
    else:
        typer.echo("Repairing:")


def _plain(step: Step) -> dict[str, str]:
    return {"where": step.where, "found": step.found, "act": step.act.value}
