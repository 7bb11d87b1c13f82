"""The mesh's requests and limits, and the room that they leave on the live nodes."""

from collections.abc import Iterator, Sequence

from rich.console import Console

from operations import results, stacks
from operations.results import BudgetPart, NodeRoom, Report
from pi_mesh.budget import mesh, table
from pi_mesh.budget.fit import Node, fitting
from pi_mesh.budget.mesh import Budget
from pi_mesh.checks import restarts
from pi_mesh.checks.capacity import demand, placed, rooms
from pi_mesh.checks.finding import Finding, Subject, ok, setting
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.observe import mesh_on
from pi_mesh.checks.preflight import a_node_less, room_for_the_mesh
from pi_mesh.checks.restarts import Forecast
from pi_mesh.cluster import snapshot
from pi_mesh.quantities import MI, Resources
from pi_mesh.settings import Settings
from pi_mesh.values import telemetry
from pi_mesh.words import agreeing, counted

ID, FORECAST, LOGS, WRITES = "room for sidecars", "restart forecast", "access logs", "card writes"
LOCKS, RENEWAL = 5, 7.5
"""Locks of istiod's leader, and the seconds after which it renews each; further istiods only read them (counted on the
local cluster with 1.31, tests/live/mesh/test_writes.py; pilot/pkg/leaderelection/leaderelection.go)."""


def calculate(stack: str) -> tuple[Budget, Report]:
    """Return the budget of a stack, and its report. Raises as `stacks.load` and `snapshot.read` do."""
    settings, exported = stacks.load_with_state(stack)
    cluster = snapshot.read(settings.cluster.context)
    planned_mesh = mesh_on(settings, stack, cluster, None)
    planned = mesh.mesh_budget(planned_mesh)
    nodes, asked = rooms(cluster.nodes, cluster.pods), demand(planned_mesh, cluster)
    left, waiting = placed(asked.coming, cluster.nodes, asked.nodes)
    left = () if waiting else (*left, *asked.others)
    findings = [
        *(_finding(node, planned.sidecar.requests) for node in nodes),
        *room_for_the_mesh.promise_findings(planned_mesh, cluster, left),
        *a_node_less.check(Observation(planned_mesh, cluster)),
        *_access_logs(settings),
        _card_writes(),
        _forecast(restarts.forecast(planned_mesh, exported()), stack),
    ]
    part = _part(planned, nodes, len(asked.coming), beside=fitting(left, planned.sidecar.requests))
    return planned, results.completed("budget", stack, findings, budget=part)


def _finding(node: Node, sidecar: Resources) -> Finding:
    left = node.room(sidecar)
    message = f"{left} more ({node.free} free{'' if node.accepts else ', takes no pods'})"
    return ok(ID, Subject("node", node.name), message, number=left)


def _access_logs(settings: Settings) -> Iterator[Finding]:
    """Yield the room that the access logs take on the nodes' disks."""
    if not settings.observability.access_logs.enabled:
        return
    proxies = telemetry.log_writers(settings)
    million = f"a million logged requests are {telemetry.LOG_LINE} MB"
    most = f"kubelets keep at most {telemetry.KEPT // MI} MiB of each, {proxies * telemetry.KEPT // MI} MiB in all"
    message = f"{million}; of {counted(proxies, 'proxy', 'proxies')} {most}, unless they are configured otherwise"
    yield ok(LOGS, setting("observability.accessLogs"), message, number=proxies * telemetry.KEPT)


def _card_writes() -> Finding:
    """Return what istiod writes to the card that holds Kubernetes' state, whatever its replicas and the traffic."""
    hourly = round(LOCKS * 3600 / RENEWAL)
    message = (
        f"renews {LOCKS} locks each {RENEWAL} s: {hourly} writes an hour on the card with Kubernetes' state, where "
        "Kubernetes itself with three nodes makes 2200; an SSD for the control plane spares the card"
    )
    return ok(WRITES, Subject("component", "istiod"), message, number=hourly)


def _forecast(forecast: Forecast, stack: str) -> Finding:
    """Return the effects of an `up` with these settings on running pods."""
    message = "; ".join(forecast.sentences(stack)) or "an `up` restarts no pod and closes no connection"
    return ok(FORECAST, Subject("stack", stack), message, number=len(forecast.of_traffic))


def _part(planned: Budget, nodes: Sequence[Node], waiting: int, beside: int) -> BudgetPart:
    sidecar, (trading, *further) = planned.sidecar.requests, (promise.row for promise in planned.promises)
    room = tuple(
        NodeRoom(node=node.name, sidecars=node.room(sidecar), free=node.free, accepts=node.accepts) for node in nodes
    )
    counts = {"sidecars": sum(node.sidecars for node in room), "waiting": waiting, "remaining": beside}
    rows = {"components": planned.rows, "sidecar": planned.sidecar, "trading": trading, "namespaces": tuple(further)}
    return BudgetPart.model_validate({**rows, "nodes": room, **counts}, from_attributes=True)


def show(planned: Budget, done: Report) -> None:
    """Print the components as a table, and the nodes' headroom below it."""
    console, part = Console(), done.budget
    console.print(table.rendered_table(planned))
    if part:
        console.print(f"On the live nodes, beside the running pods, {_room(part)}:")
    for finding in done.findings:
        whole = {FORECAST: f"Stack {finding.name}", LOGS: finding.name, WRITES: finding.name}
        console.print(f"{whole.get(finding.id, f'  {finding.name}')}: {finding.message}")


def _room(part: BudgetPart) -> str:
    now = counted(part.sidecars, "sidecar fits", "sidecars fit")
    if not part.waiting:
        return now
    pods, have = f"the {counted(part.waiting, 'pod')}", agreeing(part.waiting, "has", "have")
    return f"{now}, and {part.remaining} once {pods} of the mesh that the scheduler still places {have} come"
