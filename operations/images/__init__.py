"""The command `images`: the images of a stack, the nodes that lack one, and their pull before a rollout."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from operations.command_line import Json, Stack, conclude, expected_errors, progress, show_report, show_table
from operations.rehearse import Namespace, Wait

if TYPE_CHECKING:
    from operations.results import Report


class Action(StrEnum):
    LIST = "list"
    CHECK = "check"
    PULL = "pull"
    COPY = "copy"


ACTIONS = (
    "list: every image of the stack. check: which nodes have them. pull: have one node after the other pull them. "
    "copy: print crane's commands that copy them to --target."
)
Does = Annotated[Action, typer.Argument(help=ACTIONS)]
To = Annotated[str | None, typer.Option("--to", help="Take the images of this version instead of istio.version's.")]
Target = Annotated[str | None, typer.Option(help="Name the registry and organisation of the copies.")]


def images(
    action: Does,
    stack: Stack,
    to: To = None,
    target: Target = None,
    namespace: Namespace = None,
    wait: Wait = None,
    as_json: Json = False,
) -> None:
    """Show the images of a stack and the nodes that lack one, and have the nodes pull them before a rollout.

    `check` reads the kubelets' own lists. `pull` runs one short-lived Job on one node after the other, so that a slow
    network carries one pull at a time; each Job is removed at its end. `copy` changes nothing: `| sh` runs its lines.
    The status is 1 if an image could not be pulled.
    """
    with expected_errors("images", stack, as_json):
        from operations import stacks
        from operations.failures import UsageError
        from operations.images import mesh_images
        from operations.results import completed

        if (action is Action.COPY) != bool(target):
            raise UsageError(stack, "--target goes with `images copy`", "name the registry of the copies by it")
        if action is Action.CHECK:
            rows, findings = mesh_images.check(stack, to)
        elif action is Action.PULL:
            rows, findings = mesh_images.pull(stack, to, namespace, wait, progress(as_json))
        else:
            rows = mesh_images.image_rows(stacks.load_of_version(stack, to), stack)
            findings = mesh_images.copies(rows, target) if target else ()
        done = completed("images", stack, findings, images=rows)
    conclude(done, as_json, {Action.LIST: _show_rows, Action.COPY: _show_copies}.get(action, show_report))


def _show_rows(report: Report) -> None:
    rows = report.images or ()
    cells = ((row.image or f"of the chart {row.chart}", ", ".join(row.users), row.policy or "") for row in rows)
    show_table(("image", "used by", "pull policy"), cells)


def _show_copies(report: Report) -> None:
    """Print the commands, and as comments the images that they leave out."""
    for finding in report.findings:
        print(finding.message if finding.id == "copy" else f"# {finding}")
