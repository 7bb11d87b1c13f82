"""Pods of an injected namespace must have a sidecar: under STRICT no pod of the mesh accepts requests from others."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, ok, warning
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.cluster.pods import Pod
from pi_mesh.counts import agreeing

ID = "workloads"
INJECT = "sidecar.istio.io/inject"


def check(seen: VerificationInput) -> Iterator[Finding]:
    for namespace in seen.settings.workload_namespaces:
        if namespace.own.injection:
            yield from _of(seen, namespace.name)


def _of(seen: VerificationInput, namespace: str) -> Iterator[Finding]:
    pods = [pod for pod in seen.snapshot.pods if pod.namespace == namespace and not pod.host_network]
    bare = [pod for pod in pods if not pod.has_sidecar]
    for pod in bare:
        message = f"has no sidecar: with {seen.settings.mtls.mode} it can't take part in the mesh"
        yield warning(ID, Subject("pod", f"{namespace}/{pod.name}"), message, _fix(pod))
    if not bare:
        some = agreeing(len(pods), "the 1 pod has its sidecar", f"all {len(pods)} pods have their sidecar")
        yield ok(ID, Subject("namespace", namespace), some if pods else "no pods yet", number=len(pods))


def _fix(pod: Pod) -> str:
    """Return how the pod gets its sidecar: only a pod with a controller may be deleted without being lost."""
    # The label takes precedence over the annotation: istio.io/latest/docs/setup/additional-setup/sidecar-injection
    if pod.labels.get(INJECT, pod.annotations.get(INJECT)) == "false":
        return f"it was created with {INJECT}: false; remove that from its manifest if the pod belongs in the mesh"
    if pod.owner:
        return f"once injection works, `kubectl delete pod -n {pod.namespace} {pod.name}`: {pod.owner} replaces it"
    return "no controller replaces it: once injection works, delete it and create it again from its manifest"
