"""The command `connectivity`: make the calls that must pass and those that must be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations.command_line import All, Json, Stack, conclude, expected_errors, progress, show_report, show_table

if TYPE_CHECKING:
    from operations.results import Report

COLUMNS = ("call", "from", "to", "must", "seen", "seconds")


def connectivity(stack: Stack, as_json: Json = False, everything: All = False) -> None:
    """Make the calls that must pass and those that must be refused, between two pods in a namespace of their own.

    Pod to pod, in by the ingress gateway, out by the egress gateway; plain text, a denied caller, an unregistered host.
    """
    with expected_errors("connectivity", stack, as_json):
        from operations import stacks
        from operations.connectivity import calls

        settings, cluster = stacks.load_with_cluster(stack)
        done = calls.report_of_calls(settings, stack, cluster, progress(as_json))
    conclude(done, as_json, lambda report: _show(report, everything))


def _show(done: Report, everything: bool) -> None:
    if done.calls:
        rows = ((row.call, row.caller, row.target, row.must, row.seen, f"{row.seconds:.1f}") for row in done.calls)
        show_table(COLUMNS, rows)
    show_report(done, everything=everything)
