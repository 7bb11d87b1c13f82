"""The program's own objects: namespaces, quota, limits, scope."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.verify.differences import differences
from pi_mesh.checks.verify.input import Facts

ID = "namespaces and objects"


def check(facts: Facts) -> Iterator[Finding]:
    for pair in facts.evidence.pairs:
        if pair.owner != "program":
            continue
        lines = list(differences(pair.wanted, pair.live)) if pair.live else ["is not there"]
        if lines:
            yield error(ID, Subject(*pair.identity), "; ".join(lines), "`pulumi up --refresh`")
        else:
            yield ok(ID, Subject(*pair.identity), "is as the settings say")
