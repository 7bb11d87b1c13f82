"""An autoscaler without a metrics server never scales, and fills the event log."""

from collections.abc import Iterator

from pi_mesh.checks.finding import CLUSTER, Finding, ok, setting, warning
from pi_mesh.checks.observation import Observation

ID, SERVER = "metrics server", "metrics-server"
LABELS = ("k8s-app", "app.kubernetes.io/name")


def check(observation: Observation) -> Iterator[Finding]:
    asking = [workload.setting for workload in observation.mesh.workloads if workload.autoscaled]
    present = any(SERVER in (entry.labels.get(label) for label in LABELS) for entry in observation.snapshot.deployments)
    if present or not asking:
        yield ok(ID, CLUSTER, "is there" if present else "is not there, and no autoscaler needs it")
    for key in [] if present else asking:
        message = "is on, but the cluster has no metrics server: it would never scale"
        fix = "install metrics-server, or set replicas instead"
        yield warning(ID, setting(f"{key}.autoscaling.enabled"), message, fix)
