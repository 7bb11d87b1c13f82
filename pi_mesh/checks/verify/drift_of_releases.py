"""Objects of Helm's releases and of the program must not drift, which Helm itself never checks."""

from collections.abc import Iterator, Sequence

from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import remedies
from pi_mesh.checks.verify.diff import Difference, differences
from pi_mesh.cluster.helm_releases import SECRET
from pi_mesh.cluster.live_objects import Pair
from pi_mesh.words import listed

RELEASES = "drift of releases"
SHOWN = 3
UNASKED = "--read-only asks for no dry run"


def check_releases(observation: Observation) -> Iterator[Finding]:
    owned = [pair for pair in observation.live.pairs if pair.release]
    findings = [finding for pair in owned for finding in _of_pair(observation, pair)]
    yield from findings
    if owned and not findings:
        message = f"all {len(owned)} objects are as Helm installed them"
        yield ok(RELEASES, Subject("release"), message, number=len(owned))


def _of_pair(observation: Observation, pair: Pair) -> Iterator[Finding]:
    subject = Subject(*pair.identity)
    if pair.live is None and pair.refusal:
        yield unknown(RELEASES, subject, f"was not compared: {pair.refusal}")
        return
    if pair.live is None:
        yield error(RELEASES, subject, f"of release {pair.release} is gone", observation.restore(pair.release))
        return
    if certain := certain_changes(pair):
        undo = remedies.undo_commands(observation, pair, certain)
        yield error(RELEASES, subject, f"was changed: {lines(pair, certain)}", undo)
    if uncertain := [entry for entry in _changes(pair) if entry.uncertain]:
        cause = f"Kubernetes' defaults are not known: {pair.refusal or UNASKED}"
        yield unknown(RELEASES, subject, f"may have added fields: {lines(pair, uncertain)}; {cause}")


def _changes(pair: Pair) -> Iterator[Difference]:
    return differences(pair.wanted, pair.live or {}, pair.defaulted)


def certain_changes(pair: Pair) -> list[Difference]:
    """Return how a live object differs for certain from what was applied."""
    return [entry for entry in _changes(pair) if not entry.uncertain] if pair.live else []


def lines(pair: Pair, changes: Sequence[Difference]) -> str:
    """Return the first differences in one line; for a Secret the fields without their values."""
    shown = (entry.place.path if pair.wanted["kind"] == SECRET else str(entry) for entry in changes)
    return listed(shown, SHOWN, "; ", last=", and ")


OWN_OBJECTS = "namespaces and objects"


def check_own_objects(observation: Observation) -> Iterator[Finding]:
    for pair in observation.live.pairs:
        if pair.release:
            continue
        subject = Subject(*pair.identity)
        if pair.live is None and pair.refusal:
            yield unknown(OWN_OBJECTS, subject, f"was not compared: {pair.refusal}")
        elif pair.live is None:
            yield error(OWN_OBJECTS, subject, "is not there", remedies.REFRESH)
        elif changes := list(differences(pair.wanted, pair.live, pair.defaulted)):
            undo = remedies.undo_commands(observation, pair, changes)
            yield error(OWN_OBJECTS, subject, "; ".join(map(str, changes)), undo)
        else:
            yield ok(OWN_OBJECTS, subject, "is as the settings say")
