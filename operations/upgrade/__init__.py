"""The command `upgrade`: take Istio to a newer version, one minor version after the other."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import Annotated

import typer

from operations.command_line import Consent, Json, Stack, Yes, conclude_findings, expected_errors, show_report

To = Annotated[str, typer.Option("--to", help="Version of Istio to go to, such as 1.31.0.")]
Plan = Annotated[
    bool, typer.Option("--dry-run", "--plan", help="Print the steps and their problems, and change nothing.")
]
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
    to continue, also after a kill: the stack file and the cluster show how far the upgrade is. The steps are shown
    first, and carried out after a yes on a terminal or with --yes.
    """
    judged = policies and find_spec("pulumi_policy") is not None
    with expected_errors("upgrade", stack, as_json):
        from operations.repair.plan import find_obstacle
        from operations.upgrade import run, steps

        now = steps.read_upgrade_state(stack, to)
        planned = list(now.steps())
        if not as_json:
            steps.show_steps(planned)
        if obstacle := find_obstacle(now.now):
            findings = [obstacle]
        elif plan:
            findings = steps.planned_findings(planned)
        else:
            consent = Consent(f"upgrade -s {stack} --to {to}", yes=yes, as_json=as_json)
            if now.versions and not consent.is_given(f"Take Istio from {now.running} to {now.versions[-1]}?"):
                findings = [steps.not_begun(now)]
            else:
                findings = list(run.carry_out_upgrade(now, judged, wait, consent))
    conclude_findings("upgrade", stack, findings, as_json, partial(steps.show_stops, planned) if plan else show_report)
