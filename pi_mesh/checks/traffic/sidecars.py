"""STRICT mutual TLS cuts off every caller without a sidecar; such pods are listed before it happens."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, ok, setting, unknown, warning
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings

ID = "sidecars"


def check(settings: Settings, snapshot: Snapshot | None) -> Iterator[Finding]:
    if settings.mtls.mode != "STRICT" or snapshot is None:
        return
    if "pods" in snapshot.unreadable:
        yield unknown(ID, setting("mtls.mode"), "whether STRICT cuts off pods without a sidecar was not checked")
        return
    meshed = {one.name for one in snapshot.namespaces if one.is_injected} | {
        namespace.name for namespace in settings.workload_namespaces if namespace.own.injection
    }
    bare = [pod for pod in snapshot.pods if pod.namespace in meshed and not pod.has_sidecar]
    for pod in bare:
        message = "has no sidecar: under STRICT its calls to the mesh are refused"
        yield warning(ID, Subject("pod", f"{pod.namespace}/{pod.name}"), message, _fix(pod))
    if not bare:
        yield ok(ID, setting("mtls.mode"), f"every pod in {', '.join(sorted(meshed))} has its sidecar")


def _fix(pod: Pod) -> str:
    if pod.host_network:
        return "it is on the host's network, where there are no sidecars: admit it at the callee by traffic.legacy"
    if pod.owner:
        return "restart its workload, so that it gets one, or admit it at the callee by traffic.legacy"
    return "delete it and create it again, so that it gets one, or admit it at the callee by traffic.legacy"
