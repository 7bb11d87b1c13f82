"""A pod created in a namespace of workloads must get the sidecar, with the resources of the profile, or get none."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.checks.verify.resource_profile import deviations
from pi_mesh.cluster.pods import SIDECAR, Pod
from pi_mesh.names import INJECTION_LABEL, REVISION_LABEL
from pi_mesh.settings.namespaces import WorkloadNamespace

ID = "sidecar injection"


def check(seen: VerificationInput) -> Iterator[Finding]:
    if seen.observed.read_only:
        return
    for namespace in seen.settings.workload_namespaces:
        subject, tried = Subject("namespace", namespace.name), seen.observed.injections[namespace.name]
        if tried.pod is None:
            fix = "see the findings of webhooks and mesh pods; the namespace's quota may be used up"
            yield error(ID, subject, f"a test pod (dry run) is refused: {tried.refusal}", fix)
        else:
            yield _of_pod(seen, namespace, subject, tried.pod)


def _of_pod(seen: VerificationInput, namespace: WorkloadNamespace, subject: Subject, pod: Pod) -> Finding:
    sidecar = next((entry for entry in pod.containers if entry.name == SIDECAR), None)
    if not namespace.own.injection:
        if sidecar is None:
            return ok(ID, subject, "a test pod (dry run) comes out without istio-proxy, as the settings ask")
        message = f"a test pod (dry run) comes out with istio-proxy, and {namespace.setting}.injection is false"
        return error(ID, subject, message, f"`kubectl label namespace {namespace.name} {INJECTION_LABEL}=disabled`")
    if sidecar is None:
        return error(ID, subject, "a test pod (dry run) comes out without istio-proxy", _why(seen, namespace))
    if wrong := deviations(sidecar, seen.settings.proxy.resources):
        return error(ID, subject, f"a test pod's istio-proxy {wrong}", "`pulumi up`: istiod injects an older profile")
    amounts = f"requests {sidecar.requests}, limits {sidecar.limits}"
    return ok(ID, subject, f"a test pod (dry run) comes out with istio-proxy, {amounts}")


def _why(seen: VerificationInput, namespace: WorkloadNamespace) -> str:
    found, revision = seen.snapshot.namespace(namespace.name), namespace.own.revision or ""
    if found is None or not found.is_injected or found.revision != revision:
        label = f"{REVISION_LABEL}={revision} {INJECTION_LABEL}-" if revision else f"{INJECTION_LABEL}=enabled"
        return f"`kubectl label namespace {namespace.name} {label} --overwrite`"
    return "see the findings of webhooks"
