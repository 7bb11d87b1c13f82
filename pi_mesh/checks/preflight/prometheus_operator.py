"""A Prometheus operator must be there, with its kinds, where the settings have objects for it."""

from collections.abc import Iterator

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok
from pi_mesh.checks.observation import Observation
from pi_mesh.values.observability import OPERATOR_API

ID = "prometheus operator"
GROUP = OPERATOR_API.partition("/")[0]


def check(observation: Observation) -> Iterator[Finding]:
    kinds = {entry.kind for entry in observation.mesh.objects if entry.manifest["apiVersion"] == OPERATOR_API}
    known = {crd.name for crd in observation.snapshot.crds}
    missing = sorted(name for name in (f"{kind.lower()}s.{GROUP}" for kind in kinds) if name not in known)
    for name in missing:
        message = "is not there: the cluster has no Prometheus operator"
        yield error(ID, Subject("crd", name), message, "install it, or set observability.prometheus.mode: embedded")
    if not missing:
        yield ok(ID, CLUSTER, "is there" if kinds else "is not needed")
