"""The workloads that `refresh` restarts, in their order, and the rollout of each before the next begins."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import attrgetter, not_

from pi_mesh import waiting
from pi_mesh.checks.finding import Finding, Subject, error, ok, warning
from pi_mesh.checks.stale_proxies import Older
from pi_mesh.cluster import workloads
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.conditions import conditions
from pi_mesh.cluster.proxies import Proxies, Proxy
from pi_mesh.cluster.workloads import DisruptionBudget, Workload
from pi_mesh.words import counted, first_line

ID = "older proxies"
GATEWAY_POD = "inject.istio.io/templates"


@dataclass(frozen=True)
class Restart:
    """A workload with stale proxies."""

    workload: Workload
    pods: tuple[str, ...]
    """Names of the workload's pods with a stale proxy."""
    reasons: tuple[str, ...]
    """Differences between the stale proxies and new ones."""
    gateway: bool = False

    @property
    def subject(self) -> Subject:
        return Subject(self.workload.kind.lower(), f"{self.workload.namespace}/{self.workload.name}")

    @property
    def said(self) -> str:
        count = counted(len(self.pods), "proxy is", "proxies are")
        return f"{count} older than istiod in: {'; '.join(self.reasons)}"


@dataclass(frozen=True)
class Plan:
    """The workloads to restart, and the pods that stay."""

    restarts: tuple[Restart, ...]
    untouched: tuple[Finding, ...]
    """A warning for each pod or workload that stays as it is."""


def restart_plan(client: Client, running: Proxies, older: Older) -> Plan:
    """Return the plan: workloads with sidecars by name, then the gateways, which carry all traffic from outside."""
    by_workload: dict[tuple[str, str, str], Restart] = {}
    untouched: list[Finding] = []
    for proxy in running.proxies:
        if not (reasons := older.get(proxy.id)):
            continue
        workload = workloads.owning_workload(client, proxy.pod)
        if isinstance(workload, str):
            untouched.append(_named(proxy, workload, reasons))
        else:
            key = (workload.kind, workload.namespace, workload.name)
            known = by_workload.get(key) or Restart(workload, (), (), GATEWAY_POD in proxy.pod.annotations)
            told = tuple(dict.fromkeys((*known.reasons, *reasons)))
            by_workload[key] = replace(known, pods=(*known.pods, proxy.pod.name), reasons=told)
    restarts: dict[tuple[str, str, str], Restart] = {}
    for key, restart in by_workload.items():
        if refusal := restart_refusal(client, restart.workload):
            untouched.append(_left(restart, refusal))
        else:
            restarts[key] = restart
    ordered = sorted(restarts, key=lambda key: (restarts[key].gateway, key))
    return Plan(tuple(restarts[key] for key in ordered), tuple(untouched))


def restart_refusal(client: Client, workload: Workload) -> str:
    """Return why a workload must not be restarted; empty where it may restart, now or later."""
    if workload.refusal:
        return workload.refusal
    for budget in workloads.disruption_budgets(client, workload):
        if workload.unavailable > max(budget.most, 0):
            taken, allowed = counted(workload.unavailable, "pod"), counted(max(budget.most, 0), "pod")
            return (
                f"takes {taken} away at once in a rollout, and PodDisruptionBudget {budget.name} allows {allowed}; "
                "lower its maxUnavailable, or add a replica"
            )
    return ""


def _named(proxy: Proxy, why: str, reasons: Sequence[str]) -> Finding:
    fix = "create it again from its manifest" if not proxy.pod.owner else "restart it through its owner"
    return warning(ID, Subject("pod", proxy.id), f"{why}; it is older in: {'; '.join(reasons)}", fix)


def _left(restart: Restart, why: str) -> Finding:
    return warning(ID, restart.subject, f"{why}; {restart.said}", "it was left alone: then run refresh again")


PAUSE = 1.0
RESTARTED = "kubectl.kubernetes.io/restartedAt"
"""Annotation by which `kubectl rollout restart` changes a pod template."""
GONE = "is gone"

IsOlder = Callable[[Restart], bool]


class StuckError(Exception):
    """The workload did not become ready in time; the text names the cause."""


def carry_out_restart(client: Client, restart: Restart, is_older: IsOlder, wait: int) -> Finding:
    """Restart a workload and wait until all its pods are new and ready, after any earlier rollout.

    `is_older` returns True while the workload has a pod with a stale proxy: an earlier run may have begun its rollout.
    """
    begun, deadline = time.monotonic(), time.monotonic() + wait
    try:
        if not _rolled_out(client, restart, deadline) or is_older(restart):
            _allowed(client, restart, deadline)
            _restart(client, restart.workload)
            _rolled_out(client, restart, deadline)
    except StuckError as stuck:
        message = f"is not restarted after {wait} s: {stuck}; nothing after it was restarted"
        return error(ID, restart.subject, message, "correct that, then run refresh again, which continues there")
    seconds = time.monotonic() - begun
    return ok(ID, restart.subject, f"is restarted, in {seconds:.0f} s: {restart.said}", number=len(restart.pods))


def _restart(client: Client, workload: Workload) -> None:
    stamp = {RESTARTED: datetime.now(UTC).isoformat(timespec="seconds")}
    client.patch(workload.path, {"spec": {"template": {"metadata": {"annotations": stamp}}}})


def _allowed(client: Client, restart: Restart, deadline: float) -> None:
    """Wait until the disruption budgets allow as many evictions as a rollout needs."""

    def tight_budgets() -> list[DisruptionBudget]:
        workload = _now(client, restart)
        budgets = workloads.disruption_budgets(client, workload)
        return [budget for budget in budgets if budget.allowed < workload.unavailable]

    if tight := waiting.until(tight_budgets, deadline - time.monotonic(), PAUSE, done=not_):
        raise StuckError(f"PodDisruptionBudget {tight[0].name} allows {tight[0].allowed} of its pods to go now")


def _rolled_out(client: Client, restart: Restart, deadline: float) -> bool:
    """Wait for a rollout; return False where there was none to wait for."""
    unfinished: list[Workload] = []
    seconds, is_done = deadline - time.monotonic(), attrgetter("is_rolled_out")
    workload = waiting.until(lambda: _now(client, restart), seconds, PAUSE, done=is_done, tell=unfinished.append)
    if not workload.is_rolled_out:
        raise StuckError(_cause(client, workload))
    return bool(unfinished)


def _now(client: Client, restart: Restart) -> Workload:
    planned = restart.workload
    workload = workloads.read_workload(client, planned.kind, planned.namespace, planned.name)
    if workload is None:
        raise StuckError(GONE)
    return workload


def _cause(client: Client, workload: Workload) -> str:
    """Return the cause of a waiting rollout: the API server's refusal of a pod, or a pod that is not Ready."""
    failure = conditions({"status": workload.status}).get("ReplicaFailure", {})
    if failure.get("status") == "True":
        return first_line(str(failure.get("message", "")))
    path, labels = f"/api/v1/namespaces/{workload.namespace}/pods", workload.labels
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    for item in client.items(path, labelSelector=selector):
        states = [entry.get("state") or {} for entry in item.get("status", {}).get("containerStatuses") or []]
        reason = next((state["waiting"].get("reason") for state in states if "waiting" in state), "")
        ready = conditions(item).get("Ready", {"status": "True"})
        if reason or ready["status"] != "True":
            reason = reason or ready.get("reason") or "not Ready"
            return f"pod {item['metadata']['name']} is not Ready ({reason})"
    return f"{workload.status.get('updatedReplicas', 0)} of {workload.replicas} pods are new"
