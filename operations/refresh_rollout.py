"""The restart of one workload by a rollout, which is complete before the next begins."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from operations.refresh_plan import ID, Restart
from pi_mesh.checks.finding import Finding, error, ok
from pi_mesh.cluster import disruption_budgets, workloads
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.workloads import Workload
from pi_mesh.text_parts import first_line

PAUSE = 1.0
RESTARTED = "kubectl.kubernetes.io/restartedAt"
"""Annotation by which `kubectl rollout restart` changes a pod template."""
GONE = "is gone"

IsOlder = Callable[[Restart], bool]


class StuckError(Exception):
    """The workload did not become ready in time; the text names the cause."""


def carry_out(client: Client, restart: Restart, is_older: IsOlder, wait: int) -> Finding:
    """Restart a workload and wait until all its pods are new and ready, after any earlier rollout.

    `is_older` returns True while the workload has a pod with a stale proxy: an earlier run may have begun its rollout.
    """
    begun, until = time.monotonic(), time.monotonic() + wait
    try:
        if not _rolled_out(client, restart, until) or is_older(restart):
            _allowed(client, restart, until)
            _restart(client, restart.workload)
            _rolled_out(client, restart, until)
    except StuckError as stuck:
        message = f"is not restarted after {wait} s: {stuck}; nothing after it was restarted"
        return error(ID, restart.subject, message, "correct that, then run refresh again, which continues there")
    seconds = time.monotonic() - begun
    return ok(ID, restart.subject, f"is restarted, in {seconds:.0f} s: {restart.said}", number=len(restart.pods))


def _restart(client: Client, workload: Workload) -> None:
    stamp = {RESTARTED: datetime.now(UTC).isoformat(timespec="seconds")}
    client.patch(workload.path, {"spec": {"template": {"metadata": {"annotations": stamp}}}})


def _allowed(client: Client, restart: Restart, until: float) -> None:
    """Wait until the disruption budgets allow as many evictions as a rollout needs."""
    while True:
        workload = _now(client, restart)
        tight = [one for one in disruption_budgets.budgets(client, workload) if one.allowed < workload.unavailable]
        if not tight:
            return
        if time.monotonic() >= until:
            raise StuckError(f"PodDisruptionBudget {tight[0].name} allows {tight[0].allowed} of its pods to go now")
        time.sleep(PAUSE)


def _rolled_out(client: Client, restart: Restart, until: float) -> bool:
    """Wait for a rollout; return False where there was none to wait for."""
    waited = False
    while not (workload := _now(client, restart)).is_rolled_out:
        if time.monotonic() >= until:
            raise StuckError(_cause(client, workload))
        time.sleep(PAUSE)
        waited = True
    return waited


def _now(client: Client, restart: Restart) -> Workload:
    asked = restart.workload
    found = workloads.read(client, asked.kind, asked.namespace, asked.name)
    if found is None:
        raise StuckError(GONE)
    return found


def _cause(client: Client, workload: Workload) -> str:
    """Return the cause of a waiting rollout: the API server's refusal of a pod, or a pod that is not Ready."""
    for condition in workload.status.get("conditions") or []:
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
            return first_line(str(condition.get("message", "")))
    path, labels = f"/api/v1/namespaces/{workload.namespace}/pods", workload.labels
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    for item in client.items(path, labelSelector=selector):
        states = [entry.get("state") or {} for entry in item.get("status", {}).get("containerStatuses") or []]
        waiting = next((state["waiting"].get("reason") for state in states if "waiting" in state), "")
        conditions = item.get("status", {}).get("conditions") or []
        unready = next((one for one in conditions if one["type"] == "Ready" and one["status"] != "True"), None)
        if waiting or unready is not None:
            reason = waiting or (unready or {}).get("reason") or "not Ready"
            return f"pod {item['metadata']['name']} is not Ready ({reason})"
    return f"{workload.status.get('updatedReplicas', 0)} of {workload.replicas} pods are new"
