"""A metrics server must be there for autoscalers, and a Prometheus operator, with its kinds, for objects of its API."""

from collections.abc import Iterator

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.values.observability import OPERATOR_API
from pi_mesh.words import text_before

ID, OPERATOR, SERVER = "metrics server", "prometheus operator", "metrics-server"
LABELS = ("k8s-app", "app.kubernetes.io/name")


def check(observation: Observation) -> Iterator[Finding]:
    """Yield a warning for each autoscaler without a metrics server: it never scales, and fills the event log."""
    asking = [workload.setting for workload in observation.mesh.workloads if workload.autoscaled]
    present = any(SERVER in (entry.labels.get(label) for label in LABELS) for entry in observation.snapshot.deployments)
    if present or not asking:
        yield ok(ID, CLUSTER, "is there" if present else "is not there, and no autoscaler needs it")
    for key in [] if present else asking:
        message = "is on, but the cluster has no metrics server: it would never scale"
        fix = "install metrics-server, or set replicas instead"
        yield warning(ID, setting(f"{key}.autoscaling.enabled"), message, fix)


def check_prometheus_operator(observation: Observation) -> Iterator[Finding]:
    group = text_before(OPERATOR_API, "/")
    kinds = {entry.kind for entry in observation.mesh.objects if entry.manifest["apiVersion"] == OPERATOR_API}
    known = {crd.name for crd in observation.snapshot.crds}
    missing = sorted(name for name in (f"{kind.lower()}s.{group}" for kind in kinds) if name not in known)
    for name in missing:
        fix = "install it, or set observability.prometheus.mode: embedded"
        yield error(OPERATOR, Subject("crd", name), "is not there: the cluster has no Prometheus operator", fix)
    if not missing:
        yield ok(OPERATOR, CLUSTER, "is there" if kinds else "is not needed")
