"""The called Service as the caller's own proxy has it now: its endpoints, and those that a circuit breaker ejected."""

from collections.abc import Iterator, Mapping
from typing import Any

from pi_mesh.checks.call.described import Call
from pi_mesh.checks.call.scope import hidden_by
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown
from pi_mesh.cluster import envoy_admin
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.counts import counted
from pi_mesh.settings import Settings

ID = "caller's proxy"


def judged(settings: Settings, call: Call) -> Iterator[Finding]:
    """Ask the proxy, and yield what it has for the call; a proxy that a Sidecar keeps from the Service is not asked."""
    caller = call.caller
    if not caller.has_sidecar or not call.service or hidden_by(call):
        return
    subject = Subject("pod", f"{caller.namespace}/{caller.name}")
    try:
        hosts = envoy_admin.endpoints(
            settings.cluster.context, caller.namespace, caller.name, f"outbound|{call.port.number}||{call.host}"
        )
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
    healthy = [host for host in hosts if not _failed(host)]
    count = counted(len(hosts), "endpoint")
    if healthy:
        return ok(ID, subject, f"has {count} of {call.to}:{call.port.number}, {len(healthy)} of them healthy")
    if not hosts:
        return error(ID, subject, f"has no endpoint of {call.to}:{call.port.number}", "see `proxies`: is it in sync?")
    message = f"has ejected every endpoint of {call.to}:{call.port.number} (outlier detection)"
    return error(
        ID, subject, message, "see why they answered with errors, and maxEjectionPercent of the DestinationRule"
    )


def _failed(host: Mapping[str, Any]) -> bool:
    return any(
        (host.get("health_status") or {}).get(f"failed_{kind}") for kind in ("outlier_check", "active_health_check")
    )
