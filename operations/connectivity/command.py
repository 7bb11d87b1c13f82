"""The command `connectivity`: make the calls that must pass and those that must not, or judge a call of the user's."""

from collections.abc import Iterator
from typing import Annotated

import typer

from operations import command_line, results, short_lived, stacks
from operations.command_line import All, Json, Stack, conclude, expected_errors, progress
from operations.connectivity import calls, own_call
from operations.connectivity.objects import NAMESPACE
from operations.connectivity.own_call import End
from operations.failures import UsageError
from operations.results import Report
from pi_mesh.checks.finding import Finding
from pi_mesh.cluster import identity, istiods, snapshot
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings

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
        ends = _ends(stack, caller, callee)
        settings, exported = stacks.load_with_state(stack)
        cluster = snapshot.read(settings.cluster.context)
        identity.require(settings.cluster, exported().cluster_uid, cluster.uid)
        if ends:
            done = results.completed("connectivity", stack, own_call.call_findings(settings, cluster, *ends))
        else:
            done = _called(settings, stack, cluster, as_json)
    conclude(done, as_json, lambda it: _show(it, everything or callee is not None))


def _ends(stack: str, caller: str | None, callee: str | None) -> tuple[End, End] | None:
    """Return the ends of the user's own call, if one is named. Raises UsageError for one end alone."""
    if caller is None and callee is None:
        return None
    if caller is None or callee is None:
        raise UsageError(stack, "--from and --to belong together", "give both, or none for the calls of two test pods")
    return own_call.parse_end(stack, "--from", caller, with_port=False), own_call.parse_end(
        stack, "--to", callee, with_port=True
    )


def _called(settings: Settings, stack: str, cluster: Snapshot, as_json: bool) -> Report:
    for message, fix in _obstacles(settings, cluster):
        raise UsageError(stack, message, fix)
    with Client(settings.cluster.context) as client:
        short_lived.sweep(client)
        made = calls.run_calls(client, settings, stack, progress(as_json))
    if isinstance(made, Finding):
        return results.completed("connectivity", stack, [made]).model_copy(update={"calls": ()})
    done = results.completed("connectivity", stack, [finding for _, finding in made])
    return done.model_copy(update={"calls": tuple(row for row, _ in made)})


def _obstacles(settings: Settings, cluster: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield why no call can be made, and what helps."""
    home = settings.istio.namespace
    if not any(pod.namespace == home and istiods.is_serving(pod) for pod in cluster.pods):
        yield f"no pod of istiod is Ready in namespace {home}", "install the mesh, or see `verify`"
    watched = settings.watched_namespaces
    if watched is not None and NAMESPACE not in watched:
        message = f"istiod does not watch namespace {NAMESPACE}, in which the calls are made"
        yield message, "add it to istio.discovery.also, and run `pulumi up`"


def _show(done: Report, everything: bool) -> None:
    if done.calls:
        rows = ((row.call, row.caller, row.target, row.must, row.seen, f"{row.seconds:.1f}") for row in done.calls)
        command_line.show_table(COLUMNS, rows)
    command_line.show_report(done, everything=everything)
