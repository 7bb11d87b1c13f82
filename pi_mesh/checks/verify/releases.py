"""Every Helm release is deployed: a refresh of the stack hides a failed one."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, error, ok
from pi_mesh.checks.ownership import cert_manager_release, expected_releases
from pi_mesh.checks.verify.input import Facts

NAME = "helm releases"


def check(facts: Facts) -> Iterator[Finding]:
    home = facts.settings.istio.namespace
    expected = [f"{home}/{name}" for name in expected_releases(facts.settings)]
    if others := cert_manager_release(facts.settings):
        expected.append(others)
    for each in expected:
        namespace, _, name = each.partition("/")
        where = f"release {each}"
        found = facts.snapshot.release(namespace, name)
        if found is None:
            yield error(NAME, where, "is not there", "`pulumi up --refresh`")
        elif found.pending:
            yield error(NAME, where, f"is stuck in {found.status}", "`python -m operations repair -s STACK`")
        elif found.status != "deployed":
            fix = f"`pulumi up`; where that sees no change: {facts.restore(name)}"
            yield error(NAME, where, f"is {found.status}, revision {found.revision}", fix)
        else:
            yield ok(NAME, where, f"is deployed, revision {found.revision}")
