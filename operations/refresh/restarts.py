"""The workloads that `refresh` restarts: their plan, the consent, and the rollout of each before the next begins."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import attrgetter, not_

from operations.command_line import Consent
from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, errors, ok, warning
from pi_mesh.checks.preflight import trading_hours
from pi_mesh.checks.verify.remedies import logs_command
from pi_mesh.checks.verify.running_proxies import disconnected_proxies
from pi_mesh.cluster import proxies, snapshot, stale_proxies, workloads
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.conditions import conditions
from pi_mesh.cluster.proxies import Proxies, Proxy
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stale_proxies import Older
from pi_mesh.cluster.workloads import DisruptionBudget, Workload
from pi_mesh.settings import Settings
from pi_mesh.waiting import until
from pi_mesh.words import counted, first_line

ID = "older proxies"
NOBODY_AGREED = "was not restarted, for nobody agreed: "
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
        return f"{counted(len(self.pods), 'proxy is', 'proxies are')} older than istiod in: {'; '.join(self.reasons)}"

    def undone(self, level: Callable[..., Finding], why: str = "") -> Finding:
        return level(ID, self.subject, f"{why}{self.said}", "refresh --yes restarts it", number=len(self.pods))


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
    for proxy in (proxy for proxy in running.proxies if older.get(proxy.id)):
        workload, reasons = workloads.owning_workload(client, proxy.pod), older[proxy.id]
        if isinstance(workload, str):
            message = f"{workload}; it is older in: {'; '.join(reasons)}"
            fix = "restart it through its owner" if proxy.pod.owner else "create it again from its manifest"
            untouched.append(warning(ID, Subject("pod", proxy.id), message, fix))
            continue
        key = (workload.kind, workload.namespace, workload.name)
        known = by_workload.get(key) or Restart(workload, (), (), GATEWAY_POD in proxy.pod.annotations)
        told = tuple(dict.fromkeys((*known.reasons, *reasons)))
        by_workload[key] = replace(known, pods=(*known.pods, proxy.pod.name), reasons=told)
    restarts: list[Restart] = []
    for _, restart in sorted(by_workload.items(), key=lambda entry: (entry[1].gateway, entry[0])):
        if why := restart_refusal(client, restart.workload):
            fix = "it was left alone: then run refresh again"
            untouched.append(warning(ID, restart.subject, f"{why}; {restart.said}", fix))
        else:
            restarts.append(restart)
    return Plan(tuple(restarts), tuple(untouched))


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


PAUSE = 1.0
RESTARTED = "kubectl.kubernetes.io/restartedAt"
"""Annotation by which `kubectl rollout restart` changes a pod template."""


class StuckError(Exception):
    """The workload did not become ready in time; the text names the cause."""


def carry_out_restart(client: Client, restart: Restart, is_older: Callable[[Restart], bool], wait: int) -> Finding:
    """Restart a workload and wait until all its pods are new and ready, after any earlier rollout.

    `is_older` returns True while the workload has a pod with a stale proxy: an earlier run may have begun its rollout.
    """
    begun, deadline = time.monotonic(), time.monotonic() + wait
    try:
        if not _rolled_out(client, restart, deadline) or is_older(restart):
            _allowed(client, restart, deadline)
            stamp = {RESTARTED: datetime.now(UTC).isoformat(timespec="seconds")}
            client.patch(restart.workload.path, {"spec": {"template": {"metadata": {"annotations": stamp}}}})
            _rolled_out(client, restart, deadline)
    except StuckError as stuck:
        message = f"is not restarted after {wait} s: {stuck}; nothing after it was restarted"
        return error(ID, restart.subject, message, "correct that, then run refresh again, which continues there")
    seconds = time.monotonic() - begun
    return ok(ID, restart.subject, f"is restarted, in {seconds:.0f} s: {restart.said}", number=len(restart.pods))


def _allowed(client: Client, restart: Restart, deadline: float) -> None:
    """Wait until the disruption budgets allow as many evictions as a rollout needs."""

    def tight_budgets() -> list[DisruptionBudget]:
        workload = _now(client, restart)
        budgets = workloads.disruption_budgets(client, workload)
        return [budget for budget in budgets if budget.allowed < workload.unavailable]

    if tight := until(tight_budgets, deadline - time.monotonic(), PAUSE, done=not_):
        raise StuckError(f"PodDisruptionBudget {tight[0].name} allows {tight[0].allowed} of its pods to go now")


def _rolled_out(client: Client, restart: Restart, deadline: float) -> bool:
    """Wait for a rollout; return False where there was none to wait for."""
    unfinished: list[Workload] = []
    seconds, is_done = deadline - time.monotonic(), attrgetter("is_rolled_out")
    workload = until(lambda: _now(client, restart), seconds, PAUSE, done=is_done, tell=unfinished.append)
    if not workload.is_rolled_out:
        raise StuckError(_cause(client, workload))
    return bool(unfinished)


def _now(client: Client, restart: Restart) -> Workload:
    planned = restart.workload
    workload = workloads.read_workload(client, planned.kind, planned.namespace, planned.name)
    if workload is None:
        raise StuckError("is gone")
    return workload


def _cause(client: Client, workload: Workload) -> str:
    """Return the cause of a waiting rollout: the API server's refusal of a pod, or a pod that is not Ready."""
    failure = conditions({"status": workload.status}).get("ReplicaFailure", {})
    if failure.get("status") == "True":
        return first_line(str(failure.get("message", "")))
    selector = ",".join(f"{key}={value}" for key, value in workload.labels.items())
    for item in client.items(f"/api/v1/namespaces/{workload.namespace}/pods", labelSelector=selector):
        states = [entry.get("state") or {} for entry in item.get("status", {}).get("containerStatuses") or []]
        reason = next((state["waiting"].get("reason") for state in states if "waiting" in state), "")
        ready = conditions(item).get("Ready", {"status": "True"})
        if reason or ready["status"] != "True":
            return f"pod {item['metadata']['name']} is not Ready ({reason or ready.get('reason') or 'not Ready'})"
    return f"{workload.status.get('updatedReplicas', 0)} of {workload.replicas} pods are new"


CONNECTION_PATIENCE, CONNECTION_PAUSE = 60.0, 2.0
"""Seconds that proxies have to connect to a new istiod before the first restart, and seconds between two looks."""
Say = Callable[[str], object]


def wait_for_connections(settings: Settings, say: Say) -> Iterator[Finding]:
    """Wait until every proxy is connected to istiod, and yield a warning for each that is not in time.

    A proxy without a connection does not learn that a pod ends, and goes on calling it. After a restart of istiod Envoy
    waits up to 30 seconds before it connects again (envoy/config/subscription_factory.h).
    """
    said = 0
    context, namespace = settings.cluster.context, settings.istio.namespace

    def unconnected() -> list[Proxy]:
        return disconnected_proxies(proxies.read(context, namespace, snapshot.read(context), certificates=False))

    def tell(lost: list[Proxy]) -> None:
        nonlocal said
        if len(lost) != said:
            said = len(lost)
            say(f"waiting until {counted(said, 'proxy is', 'proxies are')} connected to istiod")

    for proxy in until(unconnected, CONNECTION_PATIENCE, CONNECTION_PAUSE, done=not_, tell=tell):
        message = "is not connected to istiod: it may go on calling pods that a restart took away"
        yield warning(ID, Subject("pod", proxy.id), message, logs_command(proxy.pod))


def restart_stale_workloads(settings: Settings, cluster: Snapshot, wait: int, consent: Consent) -> list[Finding]:
    """Restart what is older after the owner's consent, and return what became of each."""
    with Client(settings.cluster.context) as client:
        plan = restart_plan(client, *_older(settings, cluster))
        hours = _hours(settings, plan, wait)
        if consent.dry_run:
            findings = [*trading_hours.shown_only(hours), *(each.undone(warning) for each in plan.restarts)]
        elif errors(hours):
            findings = hours
        elif not plan.restarts or _is_agreed(plan, consent):
            findings = [*hours, *_carried_out(client, settings, plan, wait, consent.say)]
        else:
            findings = [*hours, *(each.undone(error, NOBODY_AGREED) for each in plan.restarts)]
    if not plan.restarts and not plan.untouched:
        findings.append(ok(ID, CLUSTER, "every proxy is as istiod injects it now"))
    return [*findings, *plan.untouched]


def _older(settings: Settings, cluster: Snapshot) -> tuple[Proxies, Older]:
    """Return the proxies, and how each stale one differs from a proxy that istiod injects now."""
    context, namespace = settings.cluster.context, settings.istio.namespace
    running = proxies.read(context, namespace, cluster, certificates=False)
    return running, stale_proxies.read(context, namespace, cluster, running)


def _hours(settings: Settings, plan: Plan, wait: float) -> list[Finding]:
    if not plan.restarts:
        return []
    count = counted(len(plan.restarts), "workload")
    return trading_hours.refused_restart(settings.trading.hours, f"refresh restarts {count}", datetime.now(UTC), wait)


def _is_agreed(plan: Plan, consent: Consent) -> bool:
    for restart in plan.restarts:
        consent.say(f"{restart.subject}: {restart.said}")
    return consent.is_given("Restart these workloads, one after the other?")


def _carried_out(client: Client, settings: Settings, plan: Plan, wait: int, say: Say) -> Iterator[Finding]:
    """Yield the result for each workload, up to the first that does not become ready."""
    if plan.restarts:
        yield from wait_for_connections(settings, say)
    for number, restart in enumerate(plan.restarts, 1):
        if begun := errors(_hours(settings, plan, wait)):  # looked at before each: twenty workloads take hours
            yield from begun
            return
        say(f"{restart.subject} ({number} of {len(plan.restarts)}): {restart.said}")

        def is_older(workload: Restart) -> bool:
            return workload.subject in {remaining.subject for remaining in _remaining(client, settings)}

        done = carry_out_restart(client, restart, is_older, wait)
        yield done
        if errors([done]):
            return
    if plan.restarts:
        yield from _still_older(_remaining(client, settings), plan.restarts)


def _remaining(client: Client, settings: Settings) -> tuple[Restart, ...]:
    return restart_plan(client, *_older(settings, snapshot.read(settings.cluster.context))).restarts


def _still_older(remaining: Iterable[Restart], done: Iterable[Restart]) -> Iterator[Finding]:
    """Yield an error for each workload that is still stale after its restart: another restart would not help."""
    restarted = {restart.subject for restart in done}
    for restart in remaining:
        if restart.subject in restarted:
            message = f"was restarted, and still {restart.said}"
            yield error(ID, restart.subject, message, "see the check of sidecar injection in `verify`")
