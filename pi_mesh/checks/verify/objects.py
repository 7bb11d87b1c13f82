"""The program's own objects must be exactly what the settings say."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown
from pi_mesh.checks.verify import restoration
from pi_mesh.checks.verify.differences import differences
from pi_mesh.checks.verify.input import VerificationInput

ID = "namespaces and objects"


def check(seen: VerificationInput) -> Iterator[Finding]:
    for pair in seen.observed.pairs:
        if pair.release:
            continue
        subject = Subject(*pair.identity)
        if pair.live is None and pair.refusal:
            yield unknown(ID, subject, f"was not compared: {pair.refusal}")
        elif pair.live is None:
            yield error(ID, subject, "is not there", restoration.REFRESH)
        elif found := list(differences(pair.wanted, pair.live, pair.defaulted)):
            yield error(ID, subject, "; ".join(map(str, found)), restoration.command(seen, pair, found))
        else:
            yield ok(ID, subject, "is as the settings say")
