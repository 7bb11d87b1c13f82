"""Objects of Helm's releases must not drift; Helm never checks for deleted objects, or edited and added fields."""

from collections.abc import Iterator, Sequence

from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown
from pi_mesh.checks.verify import restoration
from pi_mesh.checks.verify.difference import Difference
from pi_mesh.checks.verify.differences import differences
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.cluster.applied import SECRET
from pi_mesh.cluster.observed import Pair

ID = "drift of releases"
SHOWN = 3
UNASKED = "--read-only asks for no dry run"


def check(seen: VerificationInput) -> Iterator[Finding]:
    owned = [pair for pair in seen.observed.pairs if pair.release]
    findings = [finding for pair in owned for finding in _of_pair(seen, pair)]
    yield from findings
    if owned and not findings:
        yield ok(ID, Subject("release"), f"all {len(owned)} objects are as Helm installed them", number=len(owned))


def _of_pair(seen: VerificationInput, pair: Pair) -> Iterator[Finding]:
    subject = Subject(*pair.identity)
    if pair.live is None and pair.refusal:
        yield unknown(ID, subject, f"was not compared: {pair.refusal}")
        return
    if pair.live is None:
        yield error(ID, subject, f"of release {pair.release} is gone", seen.restore(pair.release))
        return
    found = list(differences(pair.wanted, pair.live, pair.defaulted))
    certain = [entry for entry in found if not entry.uncertain]
    if certain:
        yield error(ID, subject, f"was changed: {lines(pair, certain)}", restoration.command(seen, pair, certain))
    if uncertain := [entry for entry in found if entry.uncertain]:
        cause = pair.refusal or UNASKED
        message = f"may have added fields: {lines(pair, uncertain)}; Kubernetes' defaults are not known: {cause}"
        yield unknown(ID, subject, message)


def lines(pair: Pair, found: Sequence[Difference]) -> str:
    """Return the first differences in one line; for a Secret the fields without their values."""
    more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    shown = [entry.place.path if pair.wanted["kind"] == SECRET else str(entry) for entry in found[:SHOWN]]
    return f"{'; '.join(shown)}{more}"
