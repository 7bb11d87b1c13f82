"""The plan of a repair, in the order of its execution: a pure function of the observed state."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from operations.repair import state
from operations.repair.locks import Lock
from operations.repair.observed_state import Situation
from operations.repair.processes import Process
from pi_mesh.checks.finding import Finding, Level, Subject, error
from pi_mesh.checks.preflight import crd_owners, stuck_releases
from pi_mesh.cluster.objects import Crd
from pi_mesh.cluster.release_records import ReleaseRecord

LOCK, OBSTACLE, LOST_CA = "stale lock", "obstacle", "lost CA"
NOTHING_DONE = "nothing was repaired"


class Act(Enum):
    UNLOCK = "remove this lock"
    END = "let it finish its current work, then end it"
    FORGET = "delete this revision's Secret; the next install adopts the existing objects"
    FAIL = "mark this revision as failed; the next `pulumi up` upgrades it again"
    STATE = "repair the stack's state, so that the next `pulumi up` completes what was interrupted"
    FORGET_CA = "remove it from the stack's state, so that the next `pulumi up` creates a new CA under the same root"
    HAND_OVER = "label and annotate it for the release of the base chart"


@dataclass(frozen=True)
class Step:
    """A problem, and its repair."""

    id: str
    subject: Subject
    found: str
    act: Act
    target: Process | Lock | ReleaseRecord | Crd | None = None

    def finding(self, done: bool = False) -> Finding:
        """Return an error for an open step, ok for a completed one."""
        fix = f"done: {self.act.value}" if done else self.act.value
        return Finding(self.id, *self.subject, Level.OK if done else Level.ERROR, None, self.found, fix)


def blocked(situation: Situation) -> Finding | None:
    """Return the reason why nothing may be repaired now; None when there is none."""
    stack = Subject("stack", situation.stack)
    for lock in situation.locks:
        if lock.here and lock.alive:
            return error(OBSTACLE, stack, f"a run is going on ({lock}); wait until it ends", NOTHING_DONE)
        if not lock.here:
            why = f"locked from another machine ({lock}); if that run is over, `pulumi cancel`"
            return error(OBSTACLE, stack, why, NOTHING_DONE)
    return next(_young(situation), None)


def steps(situation: Situation) -> list[Step]:
    """Return the steps, locks and processes first: the cluster and the state are only final without them."""
    found = (processes_and_locks, _releases, _state, _crds, _lost_ca)
    return [step for find in found for step in find(situation)]


def processes_and_locks(situation: Situation) -> Iterator[Step]:
    for process in situation.orphans:
        subject = Subject("process", str(process))
        yield Step("orphaned process", subject, "outlived the pulumi that started it", Act.END, process)
    for lock in situation.locks:
        stack = Subject("stack", situation.stack)
        yield Step(LOCK, stack, f"is locked by a run that has ended ({lock})", Act.UNLOCK, lock)


def _young(situation: Situation) -> Iterator[Finding]:
    """Yield an error for each release that Helm may still be installing, until its timeout is over.

    Helm may run by hand, or in a run whose lock cannot be read. A run of Pulumi that is over needs no waiting.
    """
    over = state.interrupted(situation.state) if situation.run_is_over else ()
    for release in stuck(situation):
        timeout = situation.mesh.settings.release.timeout
        seconds = 0 if release.id in over else release.under_way(timeout, situation.at)
        if seconds:
            why = f"is {release.status}, and may still be under way: wait for {seconds} s more (release.timeout)"
            yield error(OBSTACLE, Subject("release", release.id), why, NOTHING_DONE, number=seconds)


def _releases(situation: Situation) -> Iterator[Step]:
    known = state.releases(situation.state)
    for release in _ours(situation):
        unknown = release.id not in known
        if release.status != "deployed" and (release.pending or unknown):
            subject = Subject("release", release.id)
            found = f"is stuck in {release.status}, revision {release.revision}"
            # Helm installs no second release of a name; where the state knows the first, Pulumi upgrades it.
            yield Step(stuck_releases.ID, subject, found, Act.FORGET if unknown else Act.FAIL, release)


def stuck(situation: Situation) -> list[ReleaseRecord]:
    """Return the stack's releases with a pending operation."""
    return [release for release in _ours(situation) if release.pending]


def _ours(situation: Situation) -> list[ReleaseRecord]:
    known = state.releases(situation.state)
    releases = situation.snapshot.releases
    return [entry for entry in releases if situation.mesh.owns(entry.id) or entry.id in known]


def _state(situation: Situation) -> Iterator[Step]:
    stack = Subject("stack", situation.stack)
    if operations := state.pending(situation.state):
        normal = "" if situation.locks_known else " (normal while a run is active: repair does not touch them then)"
        yield Step("state", stack, f"has pending operations: {', '.join(operations)}{normal}", Act.STATE)
    elif forgotten := state.unaware(situation.state, failed(situation)):
        yield Step("state", stack, f"takes failed releases for successful ones: {', '.join(forgotten)}", Act.STATE)


def failed(situation: Situation) -> set[str]:
    """Return the stack's releases, as NAMESPACE/NAME, that need another upgrade by Helm."""
    return {entry.id for entry in _ours(situation) if entry.status != "deployed"}


def _crds(situation: Situation) -> Iterator[Step]:
    if not situation.snapshot.crds:
        return
    for crd in crd_owners.abandoned(situation.mesh, situation.snapshot):
        found = f"belongs to {crd.release or 'no Helm release'}"
        yield Step(crd_owners.ID, Subject("crd", crd.name), found, Act.HAND_OVER, crd)


def _lost_ca(situation: Situation) -> Iterator[Step]:
    if lost := situation.lost_ca:
        found = f"no longer holds the CA that this stack made in it: {lost.found}"
        yield Step(LOST_CA, Subject("vault mount", lost.mount), found, Act.FORGET_CA)
