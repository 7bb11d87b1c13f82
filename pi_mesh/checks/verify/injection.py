"""A pod created in the trading namespace must get the sidecar, with the resources of the profile."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.checks.verify.resource_profile import deviations
from pi_mesh.cluster.pods import SIDECAR
from pi_mesh.names import INJECTION_LABEL, REVISION_LABEL

ID = "sidecar injection"


def check(seen: VerificationInput) -> Iterator[Finding]:
    namespace = seen.settings.trading.namespace
    subject, tried = Subject("namespace", namespace), seen.observed.injection
    if seen.observed.read_only:
        return
    if tried.pod is None:
        fix = "see the findings of webhooks and mesh pods; the namespace's quota may be used up"
        yield error(ID, subject, f"a test pod (dry run) is refused: {tried.refusal}", fix)
        return
    sidecar = next((entry for entry in tried.pod.containers if entry.name == SIDECAR), None)
    if sidecar is None:
        yield error(ID, subject, "a test pod (dry run) comes out without istio-proxy", _why(seen, namespace))
    elif wrong := deviations(sidecar, seen.settings.proxy.resources):
        yield error(ID, subject, f"a test pod's istio-proxy {wrong}", "`pulumi up`: istiod injects an older profile")
    else:
        amounts = f"requests {sidecar.requests}, limits {sidecar.limits}"
        yield ok(ID, subject, f"a test pod (dry run) comes out with istio-proxy, {amounts}")


def _why(seen: VerificationInput, namespace: str) -> str:
    found = seen.snapshot.namespace(namespace)
    revision = seen.settings.trading.revision or ""
    if found is None or not found.is_injected or found.revision != revision:
        label = f"{REVISION_LABEL}={revision} {INJECTION_LABEL}-" if revision else f"{INJECTION_LABEL}=enabled"
        return f"`kubectl label namespace {namespace} {label} --overwrite`"
    return "see the findings of webhooks"
