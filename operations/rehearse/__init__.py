"""The command `rehearse`: try the proxy's image on every node, before a release waits for it."""

from functools import partial
from typing import Annotated

import typer

from operations.command_line import All, Json, Stack, conclude_findings, expected_errors, progress, show_report

To = Annotated[str | None, typer.Option("--to", help="Try the image of this version instead of istio.version's.")]
Namespace = Annotated[
    str | None, typer.Option(help="Run the Jobs in this namespace; by default istiod's, or `default` before it exists.")
]
Wait = Annotated[
    int | None, typer.Option(help="Seconds to wait for the image on each node; release.timeout by default.", min=10)
]


def rehearse(
    stack: Stack,
    to: To = None,
    namespace: Namespace = None,
    wait: Wait = None,
    as_json: Json = False,
    everything: All = False,
) -> None:
    """Try the proxy's image on every node: Envoy, its memory, packet redirection; and the node's disk and clock.

    Each node gets one Job of the very image that sidecars will have. It is removed at the end, and by the cluster
    within two minutes if this command is killed. The image stays on the node, so that a release need not wait for it.
    """
    with expected_errors("rehearse", stack, as_json):
        from operations.rehearse import judgement

        findings = list(judgement.rehearse_on_nodes(stack, to, namespace, wait, progress(as_json)))
    conclude_findings("rehearse", stack, findings, as_json, partial(show_report, everything=everything))
