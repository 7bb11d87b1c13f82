"""The command `learn`: remember the calls of the proxies' logs, and propose settings that admit them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from operations.command_line import Consent, Json, Stack, Yes, conclude, expected_errors, show_report
from operations.verify import StackFile

if TYPE_CHECKING:
    from operations.results import Report


class Action(StrEnum):
    REMEMBER = "remember"
    POLICIES = "policies"
    EGRESS = "egress"
    NETWORK = "network"


ACTIONS = (
    "remember: keep what the logs have since the last run. policies: propose traffic.authorization.policies. "
    "egress: propose traffic.external. network: propose sidecarScope."
)
Does = Annotated[Action, typer.Argument(help=ACTIONS)]
Days = Annotated[int, typer.Option("--days", min=1, max=90, help="Name the rules that admitted no call in these days.")]
Diff = Annotated[bool, typer.Option("--diff", help="Only list what is new or gone since the settings, without YAML.")]


def learn(
    action: Does,
    stack: Stack,
    days: Days = 30,
    diff: Diff = False,
    yes: Yes = False,
    stack_file: StackFile = None,
    as_json: Json = False,
) -> None:
    """Remember who called whom and what left the mesh, and propose the settings that admit it.

    `remember` reads the logs of the proxies and writes one ConfigMap, `pi-mesh-learned` in istio.namespace: run it
    every hour. The others change nothing. They print settings with their evidence as comments, and replay the
    remembered calls with them.
    """
    with expected_errors("learn", stack, as_json):
        from operations import stacks
        from operations.learn import memory, proposal
        from operations.results import completed

        loaded = stacks.of_file(stack_file) if stack_file else stacks.load_with_state(stack)
        if action is Action.REMEMBER:
            consent = Consent(f"learn remember -s {stack}", yes=yes, as_json=as_json)
            done = completed("learn", stack, memory.remember(*loaded, consent))
        else:
            findings, text = proposal.proposed(action.value, memory.observe(*loaded, days), diff=diff)
            done = completed("learn", stack, findings, proposal=text)
    conclude(done, as_json, _show)


def _show(report: Report) -> None:
    if report.proposal:
        print(report.proposal)
    show_report(report)
