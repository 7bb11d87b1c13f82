"""The workloads that `refresh` restarts, in their order, and the pods that it lists and does not restart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pi_mesh.checks.finding import Finding, Subject, warning
from pi_mesh.checks.stale_proxies import Older
from pi_mesh.cluster import disruption_budgets, workloads
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.disruption_budgets import Budget
from pi_mesh.cluster.proxies import Proxies, Proxy
from pi_mesh.cluster.workloads import Workload
from pi_mesh.counts import counted

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


def of(client: Client, found: Proxies, older: Older) -> Plan:
    """Return the plan: workloads with sidecars by name, then the gateways, which carry all traffic from outside."""
    by_workload: dict[tuple[str, str, str], Restart] = {}
    untouched: list[Finding] = []
    for proxy in found.proxies:
        if not (reasons := older.get(proxy.id)):
            continue
        workload = workloads.of_pod(client, proxy.pod)
        if isinstance(workload, str):
            untouched.append(_named(proxy, workload, reasons))
        else:
            key = (workload.kind, workload.namespace, workload.name)
            known = by_workload.get(key) or Restart(workload, (), (), GATEWAY_POD in proxy.pod.annotations)
            told = tuple(dict.fromkeys((*known.reasons, *reasons)))
            by_workload[key] = replace(known, pods=(*known.pods, proxy.pod.name), reasons=told)
    refused = {key: refusal for key, one in by_workload.items() if (refusal := refusal_of(client, one.workload))}
    untouched += [_left(by_workload[key], refusal) for key, refusal in refused.items()]
    ordered = sorted(
        (key for key in by_workload if key not in refused), key=lambda key: (by_workload[key].gateway, key)
    )
    return Plan(tuple(by_workload[key] for key in ordered), tuple(untouched))


def refusal_of(client: Client, workload: Workload) -> str:
    """Return why a workload must not be restarted; empty where it may restart, now or later."""
    if workload.refusal:
        return workload.refusal
    return next(_too_tight(workload, disruption_budgets.budgets(client, workload)), "")


def _too_tight(workload: Workload, budgets: Sequence[Budget]) -> Iterator[str]:
    for budget in budgets:
        if workload.unavailable > max(budget.most, 0):
            taken, allowed = counted(workload.unavailable, "pod"), counted(max(budget.most, 0), "pod")
            yield (
                f"takes {taken} away at once in a rollout, and PodDisruptionBudget {budget.name} allows {allowed}; "
                "lower its maxUnavailable, or add a replica"
            )


def _named(proxy: Proxy, why: str, reasons: Sequence[str]) -> Finding:
    fix = "create it again from its manifest" if not proxy.pod.owner else "restart it through its owner"
    return warning(ID, Subject("pod", proxy.id), f"{why}; it is older in: {'; '.join(reasons)}", fix)


def _left(restart: Restart, why: str) -> Finding:
    return warning(ID, restart.subject, f"{why}; {restart.said}", "it was left alone: then run refresh again")
