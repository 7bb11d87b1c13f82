"""The command line of `upgrade`: its options, the table of its steps, and their findings."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from operations import command_line, results
from operations.command_line import Json, Stack, conclude, expected_errors, progress, show_report
from operations.repair import plan as repairs
from operations.repair.plan import Say
from operations.results import Report
from operations.upgrade import run
from operations.upgrade.run import StepRun, UpgradeState
from pi_mesh.checks.finding import Finding, Subject, error, errors, ok
from pi_mesh.checks.preflight import trading_hours
from pi_mesh.checks.upgrade_steps import UpgradeStep

ID = "upgrade step"
COLUMNS = ("Istio", "Kubernetes", "restarts", "CRDs", "stopped by")


def show_steps(steps: Sequence[UpgradeStep]) -> None:
    """Print the steps, one row each."""
    table = Table(*COLUMNS, box=None, pad_edge=False)
    for step in steps:
        table.add_row(step.version, step.kubernetes, _restarted(step), step.crds, _stopped(step) or "nothing")
    Console().print(table)


def show_stops(steps: Iterable[UpgradeStep], done: Report) -> None:
    """Print in full what stops the first step that is stopped: the table names it for the others."""
    stops = next((step.stops for step in steps if step.stops), [])
    others = [finding for finding in done.findings if finding.id != ID]
    shown = tuple(finding for finding in others if finding in stops) or tuple(others)
    if shown:
        command_line.show_report(done.model_copy(update={"findings": shown}))
    else:
        Console().print(done.verdict)


def step_findings(steps: Iterable[UpgradeStep]) -> Iterator[Finding]:
    """Yield a finding for each step, followed by the problems of a stopped step."""
    for step in steps:
        subject = Subject("istio", step.version)
        message = f"from {step.running}, restarts {_restarted(step)}; CRDs: {step.crds}"
        if not step.stops:
            yield ok(ID, subject, message)
            continue
        yield error(ID, subject, f"{message}; stopped by {_stopped(step)}", "see the next findings")
        yield from step.stops


def _stopped(step: UpgradeStep) -> str:
    """Return the names of the checks that stop the step."""
    return ", ".join(dict.fromkeys(finding.id for finding in step.stops))


def _restarted(step: UpgradeStep) -> str:
    """Return whose pods `up` makes anew, by their titles, and the sidecars, which `refresh` restarts."""
    titles = {f"Deployment {one.namespace}/{one.name}": one.title for one in step.mesh.workloads}
    return ", ".join([*(titles.get(name, name) for name in step.forecast.of_traffic), "sidecars"])


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
        now = run.read_upgrade_state(stack, to)
        steps = list(now.steps())
        if not as_json:
            show_steps(steps)
        if obstacle := repairs.find_obstacle(now.now):
            findings = [obstacle]
        elif plan:
            findings = trading_hours.shown_only(step_findings(steps))
        else:
            _ask(now, asked=not (yes or as_json))
            findings = list(_carried_out(now, judged, wait, progress(as_json)))
    conclude(
        results.completed("upgrade", stack, findings), as_json, partial(show_stops, steps) if plan else show_report
    )


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
    message = f"runs Istio {version}, as {run.VERSION_KEY} in Pulumi.{stack}.yaml says: commit that file"
    return ok(run.ID, Subject("stack", stack), message)
