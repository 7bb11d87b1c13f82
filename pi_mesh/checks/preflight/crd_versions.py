"""Istio's CRDs must not be newer than the wanted istiod, if its chart does not replace them."""

from collections.abc import Iterator

from pi_mesh.catalog.istio import facts_of, minor_of
from pi_mesh.checks.finding import Finding, Subject, error, warning
from pi_mesh.checks.version_step import ANYWAY
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.counts import counted
from pi_mesh.inventory import Inventory, Kind

ID = "istio CRD versions"


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    """Yield a finding for CRDs that are too new: an older istiod cannot read them and refuses every write.

    Charts since 1.24 apply their own CRDs with every `up`; older charts leave existing CRDs unchanged.
    """
    istio = mesh.settings.istio
    if facts_of(mesh.the(Kind.BASE).version).crds_are_templates:
        return
    newer = [crd for crd in snapshot.crds if crd.of_istio and crd.minor > minor_of(istio.version)]
    if not newer:
        return
    first, *_ = newer
    versions = ", ".join(sorted({crd.version for crd in newer}))
    kinds = counted(len(newer), "CRD is", "CRDs are")
    message = f"{kinds} of Istio {versions}, which an istiod of {istio.version} can't read, so that a destroy hangs"
    names = " ".join(crd.name for crd in newer)
    fix = (
        "set istio.version to theirs; or, if `kubectl get istio-io -A` lists nothing (with a CRD go its objects), "
        f"`kubectl delete crd {names}`, and the next `up` brings those of {istio.version}; {ANYWAY}"
    )
    level = warning if istio.allow_skip else error
    yield level(ID, Subject("crd", first.name), message, fix, number=len(newer))
