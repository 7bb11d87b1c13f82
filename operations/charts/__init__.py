"""The command `charts`: lock the charts of a stack, and fetch them for an `up` without the internet."""

from enum import StrEnum
from typing import Annotated

import typer

from operations.command_line import Json, Stack, conclude_findings, expected_errors


class Action(StrEnum):
    LOCK = "lock"
    VENDOR = "vendor"


ACTIONS = "lock: fetch the charts and write their sums to charts.lock.yaml. vendor: fetch the locked charts."
Does = Annotated[Action, typer.Argument(help=ACTIONS)]
Also = Annotated[
    list[str] | None, typer.Option("--also", help="Lock the charts of this Istio version too; may be repeated.")
]


def charts(action: Does, stack: Stack, also: Also = None, as_json: Json = False) -> None:
    """Pin the charts that a stack installs by their SHA-256 sums.

    `lock` reads every chart that the stack's settings need from its directory, repository or registry and writes the
    sums to charts.lock.yaml, which you review and commit. Charts of repositories and registries are stored in the
    folder `charts`. A stack in that file installs the files of that folder and nothing else. `vendor` fetches the
    locked charts into the folder, for a new checkout or an `up` without the internet. The status is 1 if a chart cannot
    be fetched or has changed.
    """
    with expected_errors("charts", stack, as_json):
        from operations.charts import lock
        from operations.failures import UsageError

        if action is Action.VENDOR and also:
            raise UsageError(stack, "--also goes with `charts lock`", "lock the versions first")
        findings = lock.lock_charts(stack, also or []) if action is Action.LOCK else [*lock.vendor_charts(stack)]
    conclude_findings("charts", stack, findings, as_json)
