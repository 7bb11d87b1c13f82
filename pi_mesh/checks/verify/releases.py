"""Every Helm release is deployed: a refresh of the stack hides a failed one."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.ownership import cert_manager_release, expected_releases
from pi_mesh.checks.verify.input import Facts

ID = "helm releases"


def check(facts: Facts) -> Iterator[Finding]:
    home = facts.settings.istio.namespace
    expected = [f"{home}/{name}" for name in expected_releases(facts.settings)]
    if others := cert_manager_release(facts.settings):
        expected.append(others)
    for each in expected:
        namespace, _, name = each.partition("/")
        subject = Subject("release", each)
        found = facts.snapshot.release(namespace, name)
        if found is None:
            yield error(ID, subject, "is not there", "`pulumi up --refresh`")
        elif found.pending:
            yield error(ID, subject, f"is stuck in {found.status}", "`python -m operations repair -s STACK`")
        elif found.status != "deployed":
            fix = f"`pulumi up`; where that sees no change: {facts.restore(name)}"
            yield error(ID, subject, f"is {found.status}, revision {found.revision}", fix)
        else:
            yield ok(ID, subject, f"is deployed, revision {found.revision}")
