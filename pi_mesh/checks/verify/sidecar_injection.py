"""Pods must have the resources of the settings, and in an injected namespace the sidecar, which new ones must get."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify.remedies import restart_command
from pi_mesh.cluster.pods import SIDECAR, Container, Pod
from pi_mesh.inventory import Workload
from pi_mesh.model import ResourceProfile
from pi_mesh.names import INJECTION_LABEL, REVISION_LABEL
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.words import agreeing

ID = "sidecar injection"


def check_new_pods(observation: Observation) -> Iterator[Finding]:
    if observation.live.read_only:
        return
    for namespace in observation.settings.workload_namespaces:
        subject, tried = Subject("namespace", namespace.name), observation.live.injections[namespace.name]
        if isinstance(tried, str):
            fix = "see the findings of webhooks and mesh pods; the namespace's quota may be used up"
            yield error(ID, subject, f"a test pod (dry run) is refused: {tried}", fix)
        else:
            yield _of_pod(observation, namespace, subject, tried)


def _of_pod(observation: Observation, namespace: WorkloadNamespace, subject: Subject, pod: Pod) -> Finding:
    sidecar = next((entry for entry in pod.containers if entry.name == SIDECAR), None)
    if not namespace.own.injection:
        if sidecar is None:
            return ok(ID, subject, "a test pod (dry run) comes out without istio-proxy, as the settings ask")
        message = f"a test pod (dry run) comes out with istio-proxy, and {namespace.setting}.injection is false"
        return error(ID, subject, message, f"`kubectl label namespace {namespace.name} {INJECTION_LABEL}=disabled`")
    if sidecar is None:
        return error(ID, subject, "a test pod (dry run) comes out without istio-proxy", _why(observation, namespace))
    if wrong := deviations(sidecar, observation.settings.proxy.resources):
        return error(ID, subject, f"a test pod's istio-proxy {wrong}", "`pulumi up`: istiod injects an older profile")
    amounts = f"requests {sidecar.requests}, limits {sidecar.limits}"
    return ok(ID, subject, f"a test pod (dry run) comes out with istio-proxy, {amounts}")


def _why(observation: Observation, namespace: WorkloadNamespace) -> str:
    live, revision = observation.snapshot.namespace(namespace.name), namespace.own.revision or ""
    if live is None or not live.is_injected or live.revision != revision:
        label = f"{REVISION_LABEL}={revision} {INJECTION_LABEL}-" if revision else f"{INJECTION_LABEL}=enabled"
        return f"`kubectl label namespace {namespace.name} {label} --overwrite`"
    return "see the findings of webhooks"


WORKLOADS = "workloads"
INJECT = "sidecar.istio.io/inject"


def check_running_pods(observation: Observation) -> Iterator[Finding]:
    for namespace in (place.name for place in observation.settings.workload_namespaces if place.own.injection):
        pods = [pod for pod in observation.snapshot.pods if pod.namespace == namespace and not pod.host_network]
        bare = [pod for pod in pods if not pod.has_sidecar]
        for pod in bare:
            message = f"has no sidecar: with {observation.settings.mtls.mode} it can't take part in the mesh"
            yield warning(WORKLOADS, Subject("pod", pod.id), message, _sidecar_fix(pod))
        if not bare:
            some = agreeing(len(pods), "the 1 pod has its sidecar", f"all {len(pods)} pods have their sidecar")
            yield ok(WORKLOADS, Subject("namespace", namespace), some if pods else "no pods yet", number=len(pods))


def _sidecar_fix(pod: Pod) -> str:
    """Return how the pod gets its sidecar: only a pod with a controller may be deleted without being lost."""
    # The label takes precedence over the annotation: istio.io/latest/docs/setup/additional-setup/sidecar-injection
    if pod.labels.get(INJECT, pod.annotations.get(INJECT)) == "false":
        return f"it was created with {INJECT}: false; remove that from its manifest if the pod belongs in the mesh"
    if pod.owner:
        return f"once injection works, `kubectl delete pod -n {pod.namespace} {pod.name}`: {pod.owner} replaces it"
    return "no controller replaces it: once injection works, delete it and create it again from its manifest"


PROFILE = "resource profile"


def check_profile(observation: Observation) -> Iterator[Finding]:
    for release in observation.mesh.releases:
        for workload in release.workloads:
            yield from _workload(observation, workload, f"{observation.restore(release.id)}, or wait for the rollout")
    for workload in observation.mesh.api_gateways:
        yield from _workload(observation, workload, f"see infrastructure.parametersRef of {workload.title}", own=False)
    for namespace in observation.settings.workload_namespaces:
        yield from _sidecars(observation, namespace.name)


def _workload(observation: Observation, workload: Workload, fix: str, *, own: bool = True) -> Iterator[Finding]:
    profile = workload.resources
    pods = [pod for pod in observation.snapshot.pods if not pod.ending and workload.has_pod(pod.namespace, pod.labels)]
    for pod in pods:
        subject = Subject("pod", pod.id)
        main, *_ = pod.containers
        if wrong := deviations(main, profile):
            yield (error if own else warning)(PROFILE, subject, wrong, fix)
        else:
            yield ok(PROFILE, subject, f"requests {profile.requests.resources}, limits {profile.limits.resources}")


def _sidecars(observation: Observation, namespace: str) -> Iterator[Finding]:
    """Judge a namespace's running sidecars, which keep their injected resources until their pod is replaced."""
    profile = observation.settings.proxy.resources
    pods = [pod for pod in observation.snapshot.pods if pod.namespace == namespace and not pod.ending]
    pods = [pod for pod in pods if not observation.mesh.has_pod(pod.namespace, pod.labels)]
    sidecars = [(pod, entry) for pod in pods for entry in pod.containers if entry.name == SIDECAR]
    deviating = [(pod, wrong) for pod, sidecar in sidecars if (wrong := deviations(sidecar, profile))]
    for pod, wrong in deviating:
        yield error(PROFILE, Subject("pod", f"{namespace}/{pod.name}"), f"sidecar {wrong}", restart_command(pod))
    if sidecars and not deviating:
        message = f"all {len(sidecars)} sidecars carry the profile"
        yield ok(PROFILE, Subject("namespace", namespace), message, number=len(sidecars))


def deviations(container: Container, profile: ResourceProfile) -> str:
    """Return the differences in words; empty without any."""
    halves = (("requests", container.requests, profile.requests), ("limits", container.limits, profile.limits))
    wrong = [f"{name} {is_}, not {should.resources}" for name, is_, should in halves if is_ != should.resources]
    return " and ".join(wrong)
