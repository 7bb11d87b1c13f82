"""Every Helm release must be deployed: a refresh of the stack hides a failed one."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.cluster.applied import NAME

RECORD = f"ConfigMap {NAME}"
ID = "helm releases"


def check(seen: VerificationInput) -> Iterator[Finding]:
    for release in seen.mesh.releases:
        subject = Subject("release", release.id)
        found = seen.snapshot.release(release.namespace, release.name)
        if seen.observed.read_only:
            if seen.observed.release(release.id) is None:
                yield error(ID, subject, f"is not in {RECORD}: `up` left nothing to compare with", "`pulumi up`")
        elif found is None:
            yield error(ID, subject, "is not there", "`pulumi up --refresh`")
        elif found.pending:
            yield error(ID, subject, f"is stuck in {found.status}", "`python -m operations repair -s STACK`")
        elif found.status != "deployed":
            fix = f"`pulumi up`; if that sees no change: {seen.restore(release.id)}"
            yield error(ID, subject, f"is {found.status}, revision {found.revision}", fix)
        else:
            yield ok(ID, subject, f"is deployed, revision {found.revision}")
