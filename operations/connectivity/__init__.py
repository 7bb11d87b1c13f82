"""The command `connectivity`: make the calls that must pass and those that must not, or judge a call of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from operations.command_line import All, Json, Stack, conclude, expected_errors, progress, show_report, show_table

if TYPE_CHECKING:
    from operations.results import Report

COLUMNS = ("call", "from", "to", "must", "seen", "seconds")

From = Annotated[str | None, typer.Option("--from", help="Judge the calls of this workload or pod: NAMESPACE/NAME.")]
To = Annotated[
    str | None,
    typer.Option("--to", help="The Service or workload that is called: NAMESPACE/NAME or NAMESPACE/NAME:PORT."),
]


def connectivity(
    stack: Stack, caller: From = None, callee: To = None, as_json: Json = False, everything: All = False
) -> None:
    """Make the calls that must pass and those that must be refused, between two pods in a namespace of their own.

    Pod to pod, in by the ingress gateway, out by the egress gateway; plain text, a denied caller, an unregistered host.
    With --from and --to nothing is created or called: the policy, route or missing endpoint that refuses a call of
    your own workloads is named.
    """
    with expected_errors("connectivity", stack, as_json):
        from operations import stacks
        from operations.connectivity import calls, own_call
        from operations.failures import UsageError
        from operations.results import completed

        if (caller is None) != (callee is None):
            fix = "give both, or none for the calls of two test pods"
            raise UsageError(stack, "--from and --to belong together", fix)
        named = ("--from", caller, False), ("--to", callee, True)
        ends = [own_call.parse_end(stack, name, end, with_port=port) for name, end, port in named if end is not None]
        settings, cluster = stacks.load_with_cluster(stack)
        if ends:
            done = completed("connectivity", stack, own_call.call_findings(settings, cluster, *ends))
        else:
            done = calls.report_of_calls(settings, stack, cluster, progress(as_json))
    conclude(done, as_json, lambda report: _show(report, everything or callee is not None))


def _show(done: Report, everything: bool) -> None:
    if done.calls:
        rows = ((row.call, row.caller, row.target, row.must, row.seen, f"{row.seconds:.1f}") for row in done.calls)
        show_table(COLUMNS, rows)
    show_report(done, everything=everything)
