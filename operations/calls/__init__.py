"""The command `calls`: who calls whom now, from the counters of every proxy."""

from typing import Annotated

import typer

from operations.command_line import All, Json, Stack, conclude, expected_errors

WINDOW = "Seconds between the two readings of the counters."
Window = Annotated[float, typer.Option("--window", help=WINDOW, min=2, max=3600)]
Namespace = Annotated[str | None, typer.Option("--namespace", "-n", help="Show the calls from and to this namespace.")]


def calls(
    stack: Stack, window: Window = 10, namespace: Namespace = None, as_json: Json = False, everything: All = False
) -> None:
    """Show who calls whom now: requests or connections per second, failures, mutual TLS, and what leaves the mesh.

    Reads the counters of each proxy twice through `kubectl port-forward`; nothing is changed.
    """
    with expected_errors("calls", stack, as_json):
        from operations.calls import rows

        done = rows.read(stack, window, namespace)
    conclude(done, as_json, lambda report: rows.show(report, everything))
