"""A stopping sidecar must serve for as long as the settings say, before Kubernetes kills it with its pod."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.pods import SIDECAR

ID = "grace periods"


def check(observation: Observation) -> Iterator[Finding]:
    """Judge a drain that the stack file gives; native sidecars, which are init containers, need none."""
    settings = observation.settings
    drain = settings.proxy.drain_seconds if "drain_seconds" in settings.proxy.model_fields_set else 0
    pods = [pod for place in settings.workload_namespaces for pod in observation.meshed_pods.get(place.name, ())]
    draining = (pod for pod in pods if any(c.name == SIDECAR and not c.is_init for c in pod.containers))
    for workload, grace in sorted({(pod.workload, pod.grace) for pod in draining if pod.grace < drain}):
        message = f"has a terminationGracePeriodSeconds of {grace}, and its sidecars drain for {drain} seconds"
        yield warning(ID, Subject("workload", workload), message, "raise it, or lower proxy.drainSeconds")
