"""The settings that an adoption needs; a bound that would break a running pod is switched off."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pi_mesh.cluster.pods import SIDECAR, Container, Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.quantities import ZERO, Resources
from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.text_parts import before
from pi_mesh.values.gateway import serves_certificates
from pi_mesh.values.objects import pod_resources
from pi_mesh.values.traffic.gateways import gateway_selector


class Proposal(NamedTuple):
    """A value that `adopt --yes` writes into the stack file."""

    path: str
    value: str | bool
    why: str


def of(
    settings: Settings,
    snapshot: Snapshot,
    state: StackState,
    names: Mapping[str, str],
    listeners: Sequence[Mapping] = (),
) -> Iterator[Proposal]:
    """Yield the proposals. `names`: name of each release by its key in releases.names; `listeners`: Istio Gateways."""
    expected = settings.releases.names.model_dump()
    for key, name in names.items():
        if name != expected[key]:
            yield Proposal(f"releases.names.{key}", name, "this is its name in Helm")
    istio, namespaces = settings.istio, settings.workload_namespaces
    homes = (("istio", istio.namespace, istio.adopt), *((one.setting, one.name, one.own.adopt) for one in namespaces))
    for key, name, is_adopted in homes:
        found = snapshot.namespace(name)
        if found and not is_adopted and not state.holds(found.name, found.uid):
            why = f"namespace {found.name} exists, and a destroy must keep it"
            yield Proposal(f"{key}.adopt", True, why)
    yield from _certificates(settings, {**expected, **names}["ingress"], listeners)
    for namespace in namespaces:
        yield from _bounds(settings, namespace, snapshot)


def _certificates(settings: Settings, ingress: str, listeners: Sequence[Mapping]) -> Iterator[Proposal]:
    """Keep the ingress gateway's right to read Secrets where a foreign Gateway serves a certificate from one."""
    given = settings.ingress.values.get("rbac")
    if not settings.ingress.enabled or serves_certificates(settings) or given:
        return
    pods = {"app": ingress, **gateway_selector(ingress)}.items()
    for listener in listeners:
        spec, meta = listener["spec"], listener["metadata"]
        serves = any((server.get("tls") or {}).get("credentialName") for server in spec.get("servers") or [])
        if serves and (spec.get("selector") or {}).items() <= pods:
            why = (
                f"Gateway {meta['namespace']}/{meta['name']} serves a certificate from a Secret, which takes this Role"
            )
            yield Proposal("ingress.values.rbac.enabled", True, why)
            return


def _bounds(settings: Settings, namespace: WorkloadNamespace, snapshot: Snapshot) -> Iterator[Proposal]:
    bounds, key = namespace.own.bounds, f"{namespace.setting}.bounds"
    pods = [pod for pod in snapshot.pods if pod.namespace == namespace.name and not pod.ending]
    limit = _limit_range(namespace, pods) if bounds.limit_range else ""
    quota = _quota(settings, namespace, pods) if bounds.quota else ""
    if bounds.quota and (quota or limit):
        without = "a quota refuses pods that name no resources, which the LimitRange gives"
        yield Proposal(f"{key}.quota", False, quota or without)
    if limit:
        yield Proposal(f"{key}.limitRange", False, limit)
    if namespace.own.is_scoped and (scope := _scope(settings, namespace, snapshot, pods)):
        yield Proposal(f"{key}.sidecar", False, scope)


def _quota(settings: Settings, namespace: WorkloadNamespace, pods: list[Pod]) -> str:
    """Return why the quota would refuse the next pod of a rollout; empty where every running pod can be replaced."""
    own, workload = namespace.own, namespace.own.workload
    pod, pod_limits = pod_resources(settings, namespace)
    requests, limits = workload.requests.resources, workload.limits.resources
    for what, hard, used, largest in (
        ("requests", pod * own.workloads, *_sums(pods, requests, pod - requests, "requests")),
        ("limits", pod_limits * own.workloads, *_sums(pods, limits, pod_limits - limits, "limits")),
    ):
        needed = used + largest
        if needed.cpu > hard.cpu or needed.memory > hard.memory:
            return f"the running pods and one more in a rollout have {what} of {needed}, and the quota admits {hard}"
    if len(pods) + 1 > own.workloads:
        admitted = f"{own.workloads} pods ({namespace.setting}.workloads)"
        return f"the quota admits {admitted}, and a rollout needs {len(pods) + 1}"
    return ""


def _sums(pods: list[Pod], default: Resources, proxy: Resources, half: str) -> tuple[Resources, Resources]:
    """Return the sum of all pods, each with a sidecar, and the most that one of them has."""
    each = [proxy + sum((_given(one, half, default) for one in _own(pod)), start=ZERO) for pod in pods]
    largest = Resources(max(one.cpu for one in (ZERO, *each)), max(one.memory for one in (ZERO, *each)))
    return sum(each, start=ZERO), largest


def _given(container: Container, half: str, default: Resources) -> Resources:
    found: Resources = getattr(container, half)
    return Resources(found.cpu or default.cpu, found.memory or default.memory)


def _own(pod: Pod) -> list[Container]:
    return [one for one in pod.containers if one.always_on and one.name != SIDECAR]


def _limit_range(namespace: WorkloadNamespace, pods: list[Pod]) -> str:
    """Return the container that would get a limit it does not have, or could not start with; empty if there is none."""
    limits = namespace.own.workload.limits.resources
    for pod in pods:
        for one in _own(pod):
            if not one.limits.memory:
                return f"container {one.name} of pod {pod.name} has no memory limit, and would get {limits}"
            if not one.limits.cpu and one.requests.cpu > limits.cpu:
                return f"container {one.name} of pod {pod.name} requests more CPU than the limit of {limits} allows"
    return ""


def _scope(settings: Settings, namespace: WorkloadNamespace, snapshot: Snapshot, pods: list[Pod]) -> str:
    """Return the meshed workloads that the running proxies would no longer know."""
    scope = (before(host, "/") for host in namespace.own.sidecar_scope)
    known = {namespace.name, settings.istio.namespace, *scope}
    others = {pod.namespace for pod in snapshot.pods if pod.has_sidecar and pod.namespace not in known}
    if not others or "*" in known or not any(pod.has_sidecar for pod in pods):
        return ""
    where = ", ".join(sorted(others))
    return f"workloads of the mesh run in {where}: calls from {namespace.name} to them would leave in plain text"
