"""The command line of `upgrade`."""

import sys
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from typing import Annotated

import typer

from operations import report
from operations.command_line import Json, Stack, conclude, expected_errors, progress
from operations.repair import plan as repairs
from operations.repair.apply import Say
from operations.report_text import show
from operations.upgrade import steps_table, upgrade_run, upgrade_state
from operations.upgrade.upgrade_run import StepRun
from operations.upgrade.upgrade_state import UpgradeState
from pi_mesh.checks.finding import Finding, Subject, errors, ok
from pi_mesh.checks.preflight import trading_hours

To = Annotated[str, typer.Option("--to", help="Version of Istio to go to, such as 1.31.0.")]
Plan = Annotated[bool, typer.Option("--plan", help="Print the steps and their problems, and change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask on a terminal before the first step.")]
Policies = Annotated[bool, typer.Option(help="Check each step with the policy pack in `policies`.")]
Wait = Annotated[int, typer.Option(help="Seconds to wait for each restarted workload.", min=1)]


def upgrade(
    stack: Stack,
    to: To,
    plan: Plan = False,
    yes: Yes = False,
    as_json: Json = False,
    wait: Wait = 300,
    policies: Policies = True,
) -> None:
    """Take Istio to a newer version, one minor version after the other.

    Each step is a preflight, a preview that the policy pack checks, `pulumi up`, verify and refresh. The command begins
    with the open work of the running version. It stops at the first problem and says what to do; run the same command
    to continue, also after a kill: the stack file and the cluster show how far the upgrade is.
    """
    judged = policies and find_spec("pulumi_policy") is not None
    with expected_errors("upgrade", stack, as_json):
        now = upgrade_state.read(stack, to)
        steps = list(now.steps())
        if not as_json:
            steps_table.show(steps)
        if obstacle := repairs.blocked(now.now):
            findings = [obstacle]
        elif plan:
            findings = trading_hours.shown_only(steps_table.findings(steps))
        else:
            _ask(now, asked=not (yes or as_json))
            findings = list(_carried_out(now, judged, wait, progress(as_json)))
    conclude(report.of("upgrade", stack, findings), as_json, partial(steps_table.show_stops, steps) if plan else show)


def _ask(now: UpgradeState, *, asked: bool) -> None:
    """Ask for confirmation at a terminal; a script confirms with --yes."""
    if asked and now.versions and sys.stdin.isatty():
        *_, last = now.versions
        typer.confirm(f"Take Istio from {now.running} to {last}?", abort=True)


def _carried_out(now: UpgradeState, judged: bool, wait: int, say: Say) -> Iterator[Finding]:
    """Yield the result of each step, up to the first incomplete one; after the last, the version that now runs."""
    stack, versions = now.now.stack, now.versions
    first = [] if now.begun else [StepRun(stack, now.running, judged, wait, say, versions, changes=False)]
    steps = [
        StepRun(stack, version, judged, wait, say, versions[number:]) for number, version in enumerate(versions, 1)
    ]
    for step in (*first, *steps):
        found = list(step.carried_out())
        yield from found
        if errors(found):
            return
    *_, last = (now.running, *versions)
    yield _arrived(stack, last)


def _arrived(stack: str, version: str) -> Finding:
    """Return the end of an upgrade; the stack file on this machine alone has the version until somebody commits it."""
    message = f"runs Istio {version}, as {upgrade_state.KEY} in Pulumi.{stack}.yaml says: commit that file"
    return ok(upgrade_run.ID, Subject("stack", stack), message)
