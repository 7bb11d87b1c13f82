"""Drift of what Helm owns but never looks at again: deleted objects, edited fields."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok
from pi_mesh.checks.verify.differences import differences
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.cluster.observed import Pair

ID = "drift of releases"
SHOWN = 3
SKIPPED = ("apiVersion", "kind", "status")


def check(seen: VerificationInput) -> Iterator[Finding]:
    owned = [pair for pair in seen.observed.pairs if pair.release]
    drifted = False
    for pair in owned:
        for line in _drift(pair):
            drifted = True
            yield error(ID, Subject(*pair.identity), line, seen.restore(pair.release))
    if owned and not drifted:
        yield ok(ID, Subject("release"), f"all {len(owned)} objects are as Helm installed them", number=len(owned))


def _drift(pair: Pair) -> list[str]:
    if pair.live is None:
        return [f"of release {pair.release} is gone"]
    wanted = {key: value for key, value in pair.wanted.items() if key not in SKIPPED}
    lines = list(differences(wanted, pair.live))
    more = f", and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    return [f"was changed: {'; '.join(lines[:SHOWN])}{more}"] if lines else []
