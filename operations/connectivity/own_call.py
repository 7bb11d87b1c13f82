"""A call between two of the user's own workloads: who it is from and to, and what on its way refuses it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from operations.failures import UsageError
from pi_mesh.checks import call as checks
from pi_mesh.checks.call.call import Call
from pi_mesh.checks.call.routing import hidden_by
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown
from pi_mesh.cluster import objects, policies, proxies, services
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.pods import SIDECAR, Pod
from pi_mesh.cluster.services import Endpoint, ServicePort
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.words import counted, listed

ID = "caller's proxy"
FAILURES = ("failed_outlier_check", "failed_active_health_check")


def proxy_findings(settings: Settings, call: Call) -> Iterator[Finding]:
    """Ask the proxy, and yield what it has for the call; a proxy that a Sidecar keeps from the Service is not asked."""
    caller = call.caller
    if not caller.has_sidecar or not call.service or hidden_by(call):
        return
    subject = Subject("pod", caller.id)
    context, cluster = settings.cluster.context, f"outbound|{call.port.number}||{call.host}"
    try:
        hosts = proxies.read_endpoints(context, caller.namespace, caller.name, cluster)
    except ClusterUnreachable as problem:
        yield unknown(ID, subject, f"was not asked: {problem}")
        return
    if hosts is None:
        message = f"does not know {call.to}:{call.port.number}"
        fix = "see `proxies`: is it connected and in sync? Does the Service's exportTo, or istio.discovery, hide it?"
        yield error(ID, subject, message, fix)
    else:
        yield _of_hosts(call, subject, hosts)


def _of_hosts(call: Call, subject: Subject, hosts: list[Mapping[str, Any]]) -> Finding:
    states = [host.get("health_status") or {} for host in hosts]
    healthy = [state for state in states if not any(state.get(failure) for failure in FAILURES)]
    count = counted(len(hosts), "endpoint")
    if healthy:
        return ok(ID, subject, f"has {count} of {call.to}:{call.port.number}, {len(healthy)} of them healthy")
    if not hosts:
        return error(ID, subject, f"has no endpoint of {call.to}:{call.port.number}", "see `proxies`: is it in sync?")
    message = f"has ejected every endpoint of {call.to}:{call.port.number} (outlier detection)"
    fix = "see why they answered with errors, and maxEjectionPercent of the DestinationRule"
    return error(ID, subject, message, fix)


NAMED = re.compile(
    r"(?P<namespace>[a-z0-9]([-a-z0-9]*[a-z0-9])?)/(?P<name>[a-z0-9]([-a-z0-9.]*[a-z0-9])?)(:(?P<port>\d{1,5}))?"
)
SHOWN = 8


@dataclass(frozen=True)
class End:
    """One end of a call, as the user names it."""

    stack: str
    option: str
    namespace: str
    name: str
    port: int | None

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    def wrong(self, message: str, fix: str) -> UsageError:
        return UsageError(self.stack, f"{self.option} {self}: {message}", fix)


def parse_end(stack: str, option: str, text: str, *, with_port: bool) -> End:
    """Return an end from its text. Raises UsageError for a text that names none."""
    match = NAMED.fullmatch(text)
    if not match or (match["port"] and not with_port):
        form = "NAMESPACE/NAME or NAMESPACE/NAME:PORT" if with_port else "NAMESPACE/NAME"
        raise UsageError(stack, f"{option} '{text}' is not {form}", f"give a workload or Service as {form}")
    return End(stack, option, match["namespace"], match["name"], int(match["port"]) if match["port"] else None)


def call_findings(settings: Settings, cluster: Snapshot, caller: End, callee: End) -> list[Finding]:
    """Return what each check says of the call. Raises UsageError for an end that is not there, and as `Client` does."""
    with Client(settings.cluster.context) as client:
        call = _described(client, cluster, caller, callee)
        istio_policies = policies.read(client, settings.istio.namespace)
    call = replace(call, policies=istio_policies)
    hidden = [
        unknown("rights", call.subject, f"{kind} may not be read, and was left out", "ask for the right to list it")
        for kind in istio_policies.unreadable
    ]
    return [*hidden, *checks.call_findings(call), *proxy_findings(settings, call)]


def _described(client: Client, cluster: Snapshot, caller: End, callee: End) -> Call:
    pod = max(_pods(cluster, caller), key=lambda pod: (pod.ready, not pod.ending))
    every = {"pods": cluster.pods, "services": cluster.services}
    item = client.get(f"/api/v1/namespaces/{callee.namespace}/services/{callee.name}")
    if item is None:
        pods = _pods(cluster, callee)
        port = _pods_port(callee, pods)
        direct = tuple(Endpoint(pod.address, port.number, pod.ready, pod.name) for pod in pods)
        return Call(pod, str(callee), port, None, direct, **every)
    port = _services_port(callee, item)
    behind = services.read_endpoints(client, callee.namespace, callee.name, port)
    return Call(pod, str(callee), port, objects.service(item), behind, **every)


def _pods(cluster: Snapshot, end: End) -> list[Pod]:
    """Return the pods of a workload, or the pod of that name."""
    there = [pod for pod in cluster.pods if pod.namespace == end.namespace]
    pods = [pod for pod in there if str(end) in (pod.workload, pod.id)]
    if not pods:
        kind = "workload or pod" if end.option == "--from" else "Service, workload or pod"
        names = sorted({pod.workload.partition("/")[2] for pod in there})
        known = f"it has {listed(names, SHOWN)}" if names else "it has no pods"
        raise end.wrong(f"namespace {end.namespace} has no such {kind} with pods", known)
    return pods


def _pods_port(callee: End, pods: list[Pod]) -> ServicePort:
    own = (container for pod in pods for container in pod.containers if container.name != SIDECAR)
    declared = sorted({port for container in own for port in container.ports})
    if callee.port is None and len(declared) != 1:
        shown = ", ".join(map(str, declared)) or "none"
        raise callee.wrong(f"has no Service, and its containers declare these ports: {shown}", "give one: NAME:PORT")
    return ServicePort(callee.port or declared[0])


def _services_port(callee: End, item: dict[str, Any]) -> ServicePort:
    known = services.service_ports(item)
    fitting = [port for port in known if callee.port in (None, port.number)]
    if len(fitting) != 1:
        shown = ", ".join(str(port.number) for port in known) or "none"
        raise callee.wrong(f"the Service's ports are {shown}", "give one of them: NAME:PORT")
    return fitting[0]
