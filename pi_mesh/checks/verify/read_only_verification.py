"""The ConfigMap of `up` must match Helm's records, because `verify --read-only` compares the cluster with it."""

from collections.abc import Iterator

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.helm_releases import CONFIG_MAP, SECRET, condensed

ID = "read-only verification"


def check(observation: Observation) -> Iterator[Finding]:
    if observation.live.read_only:
        yield unknown(
            ID, CLUSTER, f"not compared: {', '.join(_not_compared(observation))}", "verify without --read-only"
        )
        return
    subject = Subject("ConfigMap", f"{observation.settings.istio.namespace}/{CONFIG_MAP}")
    left = {entry.release: entry.objects for entry in observation.live.left_by_up}
    missing = [entry.release for entry in observation.live.releases if entry.release not in left]
    other = [
        entry.release for entry in observation.live.releases if left.get(entry.release, ()) != condensed(entry.objects)
    ]
    if missing:
        message = f"holds nothing of release {', '.join(missing)}: `verify --read-only` has nothing to compare"
        yield warning(ID, subject, message, "`pulumi up`")
    elif other:
        message = f"differs from Helm's record of release {', '.join(other)}"
        yield warning(ID, subject, message, "`pulumi up --refresh`")


def _not_compared(observation: Observation) -> Iterator[str]:
    yield from ("Helm's records", f"{SECRET} cacerts", "a certificate from istiod", "the injection of a test pod")
    for release in observation.live.releases:
        yield from (f"{SECRET} {release.namespace}/{name}" for name in release.omitted)
    yield from ("the text of CRDs", "istioctl's analysis")
