"""Every Helm release must be deployed, which a refresh hides, and recorded by `up` for `verify --read-only`."""

from collections.abc import Iterator

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.helm_releases import CONFIG_MAP, SECRET, condensed

RECORD = f"ConfigMap {CONFIG_MAP}"
ID, READ_ONLY = "helm releases", "read-only verification"


def check(observation: Observation) -> Iterator[Finding]:
    for release in observation.mesh.releases:
        subject = Subject("release", release.id)
        record = observation.snapshot.release(release.namespace, release.name)
        if observation.live.read_only:
            if observation.live.release(release.id) is None:
                yield error(ID, subject, f"is not in {RECORD}: `up` left nothing to compare with", "`pulumi up`")
        elif record is None:
            yield error(ID, subject, "is not there", "`pulumi up --refresh`")
        elif record.pending:
            yield error(ID, subject, f"is stuck in {record.status}", "`python -m operations repair -s STACK`")
        elif record.status != "deployed":
            fix = f"`pulumi up`; if that sees no change: {observation.restore(release.id)}"
            yield error(ID, subject, f"is {record.status}, revision {record.revision}", fix)
        else:
            yield ok(ID, subject, f"is deployed, revision {record.revision}")


def missing_mesh(observation: Observation) -> list[Finding]:
    """Return one error if the cluster has neither a release nor a Deployment of the inventory."""
    cluster = observation.snapshot
    if {"releases", "deployments"} & set(cluster.unreadable):
        return []
    there = {entry.id for entry in (*cluster.deployments, *cluster.releases)}
    if any(entry.id in there for entry in (*observation.mesh.releases, *observation.mesh.workloads)):
        return []
    names = ", ".join(release.id for release in observation.mesh.releases)
    fix = f"`pulumi up`; `pulumi up --refresh` if cluster '{cluster.context}' was rebuilt since the last one"
    return [error(ID, Subject("release"), f"none is there ({names}): the mesh is not installed", fix, number=0)]


def check_read_only(observation: Observation) -> Iterator[Finding]:
    live = observation.live
    if live.read_only:
        message = f"not compared: {', '.join(_not_compared(observation))}"
        yield unknown(READ_ONLY, CLUSTER, message, "verify without --read-only")
        return
    subject = Subject("ConfigMap", f"{observation.settings.istio.namespace}/{CONFIG_MAP}")
    left = {entry.release: entry.objects for entry in live.left_by_up}
    missing = [entry.release for entry in live.releases if entry.release not in left]
    other = [entry.release for entry in live.releases if left.get(entry.release, ()) != condensed(entry.objects)]
    if missing:
        message = f"holds nothing of release {', '.join(missing)}: `verify --read-only` has nothing to compare"
        yield warning(READ_ONLY, subject, message, "`pulumi up`")
    elif other:
        message = f"differs from Helm's record of release {', '.join(other)}"
        yield warning(READ_ONLY, subject, message, "`pulumi up --refresh`")


def _not_compared(observation: Observation) -> Iterator[str]:
    yield from ("Helm's records", f"{SECRET} cacerts", "a certificate from istiod", "the injection of a test pod")
    for release in observation.live.releases:
        yield from (f"{SECRET} {release.namespace}/{name}" for name in release.omitted)
    yield from ("the text of CRDs", "istioctl's analysis")
