"""Workloads without a sidecar: under STRICT they reach nobody in the mesh."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, ok, warning
from pi_mesh.checks.verify.input import VerificationInput

ID = "workloads"


def check(seen: VerificationInput) -> Iterator[Finding]:
    namespace = seen.settings.trading.namespace
    pods = [pod for pod in seen.snapshot.pods if pod.namespace == namespace and not pod.host_network]
    bare = [pod for pod in pods if not pod.has_sidecar]
    for pod in bare:
        message = f"has no sidecar: with {seen.settings.mtls.mode} it can't take part in the mesh"
        fix = f"make it anew: `kubectl delete pod -n {namespace} {pod.name}`, once injection works"
        yield warning(ID, Subject("pod", f"{namespace}/{pod.name}"), message, fix)
    if not bare:
        message = f"all {len(pods)} pods have their sidecar" if pods else "no pods yet"
        yield ok(ID, Subject("namespace", namespace), message, number=len(pods))
