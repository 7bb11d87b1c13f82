"""What all commands share: options, exit statuses, and the one place where errors become them."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Annotated

import typer

from pi_mesh.checks.finding import Finding, errors
from pi_mesh.cluster.errors import ClusterError
from pi_mesh.settings import SettingsError

Stack = Annotated[str, typer.Option("--stack", "-s", help="The Pulumi stack, such as pi-cluster.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts instead of a table.")]


class Exit(IntEnum):
    OK = 0
    PROBLEMS = 1
    """Something is wrong with the cluster or its mesh, or is left to repair."""
    USAGE = 2
    """The command line or the stack's settings can't be used."""
    NO_CLUSTER = 3
    """The cluster does not answer, or the kubeconfig points at another one."""


HELP = "Exit status: 0 all well, 1 problems, 2 command line or settings not usable, 3 no answer or another cluster."


@contextmanager
def one_clear_line() -> Iterator[None]:
    """Ends the command with the status of an expected error, and its text on standard error."""
    try:
        yield
    except SettingsError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(Exit.USAGE) from None
    except ClusterError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(Exit.NO_CLUSTER) from None


def conclude(findings: list[Finding]) -> None:
    """Ends the command: errors are problems, warnings and unknowns are not."""
    raise typer.Exit(Exit.PROBLEMS if errors(findings) else Exit.OK)
