"""The live pods must have exactly the resources of the settings."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify.remedies import restart_command
from pi_mesh.cluster.pods import SIDECAR, Container
from pi_mesh.inventory import Release, Workload
from pi_mesh.model import ResourceProfile

ID = "resource profile"


def check(observation: Observation) -> Iterator[Finding]:
    for release in observation.mesh.releases:
        for workload in release.workloads:
            yield from _workload(observation, release, workload)
    for namespace in observation.settings.workload_namespaces:
        yield from _sidecars(observation, namespace.name)


def _workload(observation: Observation, release: Release, workload: Workload) -> Iterator[Finding]:
    profile = workload.resources
    pods = [pod for pod in observation.snapshot.pods if not pod.ending and workload.has_pod(pod.namespace, pod.labels)]
    for pod in pods:
        subject = Subject("pod", pod.id)
        main, *_ = pod.containers
        if wrong := deviations(main, profile):
            yield error(ID, subject, wrong, f"{observation.restore(release.id)}, or wait for the rollout")
        else:
            yield ok(ID, subject, f"requests {profile.requests.resources}, limits {profile.limits.resources}")


def _sidecars(observation: Observation, namespace: str) -> Iterator[Finding]:
    """Judge a namespace's running sidecars, which keep their injected resources until their pod is replaced."""
    profile = observation.settings.proxy.resources
    pods = [
        pod for pod in observation.snapshot.pods if pod.namespace == namespace and pod.has_sidecar and not pod.ending
    ]
    sidecars = [(pod, next(entry for entry in pod.containers if entry.name == SIDECAR)) for pod in pods]
    deviating = [(pod, wrong) for pod, sidecar in sidecars if (wrong := deviations(sidecar, profile))]
    for pod, wrong in deviating:
        yield error(ID, Subject("pod", f"{namespace}/{pod.name}"), f"sidecar {wrong}", restart_command(pod))
    if pods and not deviating:
        yield ok(ID, Subject("namespace", namespace), f"all {len(pods)} sidecars carry the profile", number=len(pods))


def deviations(container: Container, profile: ResourceProfile) -> str:
    """Return the differences in words; empty without any."""
    halves = (("requests", container.requests, profile.requests), ("limits", container.limits, profile.limits))
    wrong = [f"{name} {is_}, not {should.resources}" for name, is_, should in halves if is_ != should.resources]
    return " and ".join(wrong)
