"""Istio's CRDs must belong to this stack's base release, and must not be newer than the wanted istiod."""

from collections.abc import Iterator

from pi_mesh.catalog.istio import facts_of, minor_of
from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import foreign_istio
from pi_mesh.checks.upgrade_path import ANYWAY
from pi_mesh.cluster.objects import Crd
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory, Kind
from pi_mesh.words import counted

ID = "istio CRDs"


def check_owners(observation: Observation) -> Iterator[Finding]:
    crds = [crd for crd in observation.snapshot.crds if crd.of_istio]
    foreign = wrongly_owned(observation.mesh, observation.snapshot)
    if not foreign:
        yield ok(ID, CLUSTER, f"{len(crds)} there, none in the way" if crds else "none there yet", number=len(crds))
        return
    releases = {crd.release for crd in foreign}
    owners = ", ".join(sorted(release or "no Helm release" for release in releases))
    belong = counted(len(foreign), "belongs", "belong")
    message = f"{belong} to {owners}; Helm refuses to take them into {observation.mesh.the(Kind.BASE).id}"
    if abandoned(observation.mesh, observation.snapshot):
        fix = f"`python -m operations repair -s STACK`, or: {' && '.join(take_over(observation.mesh, foreign))}"
    elif releases <= observation.state.releases:
        fix = f"it is this stack's own release: see the row {foreign_istio.CONTROL_PLANE}"
    else:
        fix = f"an Istio that may be alive needs them: {foreign_istio.BESIDE}"
    yield error(ID, Subject("crd", foreign[0].name), message, fix, number=len(foreign))


def wrongly_owned(mesh: Inventory, snapshot: Snapshot) -> list[Crd]:
    """Return the CRDs that Helm would refuse. Charts before 1.24 contain CRDs that Helm skips if they exist."""
    if not facts_of(mesh.the(Kind.BASE).version).crds_are_templates:
        return []
    return [crd for crd in snapshot.crds if crd.of_istio and crd.release != mesh.the(Kind.BASE).id]


def abandoned(mesh: Inventory, snapshot: Snapshot) -> list[Crd]:
    """Return the CRDs that Helm would refuse and nobody needs: no release owns them, and no other Istio runs."""
    # An Istio that istioctl, Argo CD or an operator installed has no release, but may run.
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


VERSIONS = "istio CRD versions"


def check_versions(observation: Observation) -> Iterator[Finding]:
    """Yield a finding for CRDs that are too new: an older istiod cannot read them and refuses every write."""
    istio = observation.settings.istio
    # Charts since 1.24 apply their own CRDs with every `up`; older charts leave existing CRDs unchanged.
    are_templates = facts_of(observation.mesh.the(Kind.BASE).version).crds_are_templates
    newer = [crd for crd in observation.snapshot.crds if crd.of_istio and crd.minor > minor_of(istio.version)]
    if are_templates or not newer:
        return
    versions = ", ".join(sorted({crd.version for crd in newer}))
    kinds = counted(len(newer), "CRD is", "CRDs are")
    message = f"{kinds} of Istio {versions}, which an istiod of {istio.version} can't read, so that a destroy hangs"
    names = " ".join(crd.name for crd in newer)
    fix = (
        "set istio.version to theirs; or, if `kubectl get istio-io -A` lists nothing (with a CRD go its objects), "
        f"`kubectl delete crd {names}`, and the next `up` brings those of {istio.version}; {ANYWAY}"
    )
    report = warning if istio.allow_skip else error
    yield report(VERSIONS, Subject("crd", newer[0].name), message, fix, number=len(newer))
