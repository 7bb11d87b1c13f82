"""The program's own objects must be as the settings say."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.verify.differences import differences
from pi_mesh.checks.verify.input import VerificationInput

ID = "namespaces and objects"


def check(seen: VerificationInput) -> Iterator[Finding]:
    for pair in seen.observed.pairs:
        if pair.release:
            continue
        lines = list(differences(pair.wanted, pair.live)) if pair.live else ["is not there"]
        if lines:
            yield error(ID, Subject(*pair.identity), "; ".join(lines), "`pulumi up --refresh`")
        else:
            yield ok(ID, Subject(*pair.identity), "is as the settings say")
