"""Istio's CRDs must belong to this stack's base release, or Helm refuses to install it."""

from collections.abc import Iterator

from pi_mesh.catalog.istio import facts_of
from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok
from pi_mesh.checks.preflight import foreign as foreign_istio
from pi_mesh.cluster.objects import Crd
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.counts import counted
from pi_mesh.inventory import Inventory, Kind

ID = "istio CRDs"


def check(mesh: Inventory, snapshot: Snapshot, state: StackState) -> Iterator[Finding]:
    crds = [crd for crd in snapshot.crds if crd.of_istio]
    foreign = wrongly_owned(mesh, snapshot)
    if not foreign:
        yield ok(ID, CLUSTER, f"{len(crds)} there, none in the way" if crds else "none there yet", number=len(crds))
        return
    first, *_ = foreign
    releases = {crd.release for crd in foreign}
    owners = ", ".join(sorted(release or "no Helm release" for release in releases))
    belong = counted(len(foreign), "belongs", "belong")
    message = f"{belong} to {owners}; Helm refuses to take them into {mesh.the(Kind.BASE).id}"
    if abandoned(mesh, snapshot):
        fix = f"`python -m operations repair -s STACK`, or: {' && '.join(take_over(mesh, foreign))}"
    elif releases <= state.releases:
        fix = f"it is this stack's own release: see the row {foreign_istio.CONTROL_PLANE}"
    else:
        fix = f"an Istio that may be alive needs them: {foreign_istio.BESIDE}"
    yield error(ID, Subject("crd", first.name), message, fix, number=len(foreign))


def wrongly_owned(mesh: Inventory, snapshot: Snapshot) -> list[Crd]:
    """Return the CRDs that Helm would refuse. Charts before 1.24 contain CRDs that Helm skips if they exist."""
    if not facts_of(mesh.the(Kind.BASE).version).crds_are_templates:
        return []
    owner = mesh.the(Kind.BASE).id
    return [crd for crd in snapshot.crds if crd.of_istio and crd.release != owner]


def abandoned(mesh: Inventory, snapshot: Snapshot) -> list[Crd]:
    """Return the CRDs that Helm would refuse and nobody needs: no release owns them, and no other Istio runs.

    An Istio that istioctl, Argo CD or an operator installed has no release, but may run.
    """
    if foreign_istio.may_be_alive(mesh, snapshot):
        return []
    living = {release.id for release in snapshot.releases}
    crds = wrongly_owned(mesh, snapshot)
    return [] if any(crd.release in living for crd in crds) else crds


def take_over(mesh: Inventory, crds: list[Crd]) -> list[str]:
    """Return the kubectl commands that give the CRDs to this stack's base release and change nothing else."""
    names = " ".join(crd.name for crd in crds)
    base = mesh.the(Kind.BASE)
    release = f"meta.helm.sh/release-name={base.name} meta.helm.sh/release-namespace={base.namespace}"
    return [
        f"kubectl label crd {names} app.kubernetes.io/managed-by=Helm --overwrite",
        f"kubectl annotate crd {names} {release} --overwrite",
    ]
