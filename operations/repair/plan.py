"""The plan of a repair, in the order of its execution, as a pure function of the observed state; and its execution."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from operations import pulumi
from operations.failures import ProblemError
from operations.repair import backend_lock, observed_state
from operations.repair.observed_state import ObservedState
from operations.repair.processes import Lock, Process
from pi_mesh.checks.finding import Finding, Level, Subject, error, unknown
from pi_mesh.checks.preflight import helm_releases, istio_crds
from pi_mesh.checks.verify import drift_of_releases
from pi_mesh.checks.verify.remedies import FREE_FIELDS, removal_patch
from pi_mesh.cluster.client import Client, Discovery
from pi_mesh.cluster.errors import Refused
from pi_mesh.cluster.helm_releases import ReleaseRecord, packed_record, unpacked_record
from pi_mesh.cluster.live_objects import Pair
from pi_mesh.cluster.objects import Crd
from pi_mesh.cluster.snapshot import CRDS
from pi_mesh.inventory import Kind, Release
from pi_mesh.waiting import until

LOCK, OBSTACLE, LOST_CA, DRIFT = "stale lock", "obstacle", "lost CA", "drift"
NOTHING_DONE = "nothing was repaired"


class Act(Enum):
    UNLOCK = "remove this lock"
    END = "let it finish its current work, then end it"
    FORGET = "delete this revision's Secret; the next install adopts the existing objects"
    FAIL = "mark this revision as failed; the next `pulumi up` upgrades it again"
    STATE = "repair the stack's state, so that the next `pulumi up` completes what was interrupted"
    FORGET_CA = "remove it from the stack's state, so that the next `pulumi up` creates a new CA under the same root"
    HAND_OVER = "label and annotate it for the release of the base chart"
    UNDO = "set it to what was applied, and take out what was added"


@dataclass(frozen=True)
class Step:
    id: str
    subject: Subject
    problem: str
    act: Act
    target: Process | Lock | ReleaseRecord | Crd | Pair | None = None

    @property
    def line(self) -> str:
        return f"{self.subject}: {self.act.value}"

    def finding(self, done: bool = False) -> Finding:
        """Return an error for an open step, ok for a completed one."""
        fix = f"done: {self.act.value}" if done else self.act.value
        return Finding(self.id, *self.subject, Level.OK if done else Level.ERROR, None, self.problem, fix)


def find_obstacle(situation: ObservedState) -> Finding | None:
    """Return the reason why nothing may be repaired now; None when there is none."""
    stack = Subject("stack", situation.stack)
    for lock in situation.locks:
        if lock.here and lock.alive:
            return error(OBSTACLE, stack, f"a run is going on ({lock}); wait until it ends", NOTHING_DONE)
        if not lock.here:
            why = f"locked from another machine ({lock}); if that run is over, `pulumi cancel`"
            return error(OBSTACLE, stack, why, NOTHING_DONE)
    # Helm may run by hand, or in a run whose lock cannot be read. A run of Pulumi that is over needs no waiting.
    over = observed_state.interrupted_releases(situation.state) if situation.run_is_over else ()
    for release in pending_releases(situation):
        seconds = 0 if release.id in over else release.under_way(situation.mesh.settings.release.timeout, situation.at)
        if seconds:
            why = f"is {release.status}, and may still be under way: wait for {seconds} s more (release.timeout)"
            return error(OBSTACLE, Subject("release", release.id), why, NOTHING_DONE, number=seconds)
    return None


def repair_steps(situation: ObservedState) -> list[Step]:
    """Return the steps, locks and processes first: the cluster and the state are only final without them."""
    steps = [*processes_and_locks(situation), *_releases(situation), *_state(situation), *_crds(situation)]
    if lost := situation.lost_ca:
        problem = f"no longer holds the CA that this stack made in it: {lost.found}"
        steps.append(Step(LOST_CA, Subject("vault mount", lost.mount), problem, Act.FORGET_CA))
    return steps or [*_drift(situation)]  # what was interrupted first: the next `up` applies its objects anyway


def planned_findings(now: ObservedState) -> list[Finding]:
    """Return the repairs, or only the obstacle: while a run may be under way, its open operations are no damage."""
    obstacle = find_obstacle(now)
    return [*unknown_findings(now), *([obstacle] if obstacle else (step.finding() for step in repair_steps(now)))]


def unknown_findings(now: ObservedState) -> Iterator[Finding]:
    """Yield what could not be looked at: the locks of the backend, and the CA in Vault."""
    if not now.locks_known:
        message = "is in a backend whose lock only Pulumi can see: --yes asks for it before each write"
        fix = "a killed run's lock remains: if no run is active, run `pulumi cancel` first"
        yield unknown(LOCK, Subject("stack", now.stack), message, fix)
    if now.vault_unknown:
        vault, message = Subject("vault", now.settings.vault.address or ""), now.vault_unknown
        yield unknown(LOST_CA, vault, f"gave no answer about its CA: {message}", "run repair again when Vault answers")


def processes_and_locks(situation: ObservedState) -> Iterator[Step]:
    for process in situation.orphans:
        subject = Subject("process", str(process))
        yield Step("orphaned process", subject, "outlived the pulumi that started it", Act.END, process)
    for lock in situation.locks:
        stack = Subject("stack", situation.stack)
        yield Step(LOCK, stack, f"is locked by a run that has ended ({lock})", Act.UNLOCK, lock)


def _releases(situation: ObservedState) -> Iterator[Step]:
    known = observed_state.known_releases(situation.state)
    for release in _ours(situation):
        unknown = release.id not in known
        if release.status != "deployed" and (release.pending or unknown):
            subject = Subject("release", release.id)
            problem = f"is stuck in {release.status}, revision {release.revision}"
            # Helm installs no second release of a name; where the state knows the first, Pulumi upgrades it.
            yield Step(helm_releases.ID, subject, problem, Act.FORGET if unknown else Act.FAIL, release)


def pending_releases(situation: ObservedState) -> list[ReleaseRecord]:
    return [release for release in _ours(situation) if release.pending]


def _ours(situation: ObservedState) -> list[ReleaseRecord]:
    known = observed_state.known_releases(situation.state)
    return [entry for entry in situation.snapshot.releases if situation.mesh.owns(entry.id) or entry.id in known]


def _state(situation: ObservedState) -> Iterator[Step]:
    stack = Subject("stack", situation.stack)
    if operations := observed_state.pending_operations(situation.state):
        normal = "" if situation.locks_known else " (normal while a run is active: repair does not touch them then)"
        yield Step("state", stack, f"has pending operations: {', '.join(operations)}{normal}", Act.STATE)
    elif forgotten := observed_state.unnoticed_failures(situation.state, failed_releases(situation)):
        yield Step("state", stack, f"takes failed releases for successful ones: {', '.join(forgotten)}", Act.STATE)


def failed_releases(situation: ObservedState) -> set[str]:
    """Return the stack's releases, as NAMESPACE/NAME, that need another upgrade by Helm."""
    return {entry.id for entry in _ours(situation) if entry.status != "deployed"}


def _crds(situation: ObservedState) -> Iterator[Step]:
    if not situation.snapshot.crds:
        return
    for crd in istio_crds.abandoned(situation.mesh, situation.snapshot):
        problem = f"belongs to {crd.release or 'no Helm release'}"
        yield Step(istio_crds.ID, Subject("crd", crd.name), problem, Act.HAND_OVER, crd)


def _drift(situation: ObservedState) -> Iterator[Step]:
    for pair in situation.drift:
        changes = drift_of_releases.lines(pair, drift_of_releases.certain_changes(pair))
        yield Step(
            DRIFT, Subject(*pair.identity), f"was changed: {changes}" if pair.live else "is gone", Act.UNDO, pair
        )


class StillDeployedError(ProblemError):
    """The release is not stuck any more: it was not changed."""

    def __init__(self, secret: str, message: str) -> None:
        fix = "another process is changing it; nothing was done to it"
        super().__init__(error(helm_releases.ID, Subject("secret", secret), message, fix))


def forget_revision(client: Client, release: ReleaseRecord) -> None:
    """Delete a stuck revision; the next install of the same name adopts the objects that it created."""
    _stuck_content(client, release)
    client.delete(release.path)


def fail_revision(client: Client, release: ReleaseRecord) -> None:
    """Mark a stuck revision as failed, as Helm would have done: the next upgrade replaces it."""
    content = unpacked_record(_stuck_content(client, release))
    content["info"] |= {"status": "failed", "description": "interrupted, marked by repair"}
    marked = {"metadata": {"labels": {"status": "failed"}}, "data": {"release": packed_record(content)}}
    client.patch(release.path, marked)


def hand_over_crd(client: Client, crd: Crd, base: Release) -> None:
    """Make the base release the owner of a CRD; nothing else of the CRD changes."""
    client.patch(f"{CRDS}/{crd.name}", {"metadata": _helm_marks(base.id)})


def _helm_marks(release: str) -> dict[str, Any]:
    """Return the metadata by which Helm knows an object of a release, given as NAMESPACE/NAME."""
    namespace, _, name = release.partition("/")
    annotations = {"meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": namespace}
    return {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": annotations}


def undo_drift(client: Client, pair: Pair) -> None:
    """Take out what was added to an object, and set or create the rest as it was applied.

    Nobody owns its fields afterwards: `pulumi up` would be refused a field of another owner.
    """
    path = Discovery(client).path(pair.wanted, pair.release.partition("/")[0])
    if path is None:
        fix = "`pulumi up --refresh` installs it again; then run repair again"
        raise ProblemError(error(DRIFT, Subject(*pair.identity), "is of a kind that the cluster no longer has", fix))
    if added := [entry for entry in drift_of_releases.certain_changes(pair) if entry.added]:
        client.patch_json(path, removal_patch(added))
    client.apply(path, pair.wanted)
    client.patch(path, {"metadata": {**(_helm_marks(pair.release) if pair.release else {}), **FREE_FIELDS}})


def _stuck_content(client: Client, release: ReleaseRecord) -> str:
    """Return the content of the release's Secret. Raises StillDeployedError unless the release is still stuck."""
    try:
        secret = client.get(release.path)
    except Refused as problem:
        raise StillDeployedError(release.secret, problem.reason) from None
    if secret is None:
        raise StillDeployedError(release.secret, f'secrets "{release.secret}" not found')
    status = (secret["metadata"].get("labels") or {}).get("status")
    if status != release.status or release.status == "deployed":
        raise StillDeployedError(release.secret, f"is {status} by now")
    return secret["data"]["release"]


PATIENCE = 60.0
"""Seconds for an orphan to finish a release: ending it in the middle would be worse."""

Say = Callable[[str], None]


def carry_out(now: ObservedState, say: Say) -> list[Finding]:
    """Repair everything, printing a line for each step; return the completed steps, and the obstacle that ended them.

    Cluster and state are planned for again when the orphans, which may have finished their work, are gone.
    """
    with backend_lock.held_lock(now) as lock:
        cleared = list(processes_and_locks(now))
        for step in cleared:
            say(step.line)
            _make_way(now, step)
        now = replace(observed_state.read(now.stack, now.settings), locks=(), drift=now.drift)
        if obstacle := find_obstacle(now):
            say(f"error: {obstacle}")
            return [*(step.finding(done=True) for step in cleared), obstacle]
        steps = repair_steps(now)
        for step in steps:
            if step.target:
                lock.confirm(now)
            say(step.line)
            _write(now, step)
        if any(step.act in (Act.STATE, Act.FAIL, Act.FORGET_CA) for step in steps):
            lock.confirm(now)
            lock.give_way()
            deployed = {entry.id for entry in now.snapshot.releases if entry.status == "deployed"}
            state = observed_state.repaired_state(now.state, deployed, failed_releases(now))
            pulumi.import_(now.stack, observed_state.without_lost_ca(state, now.lost_ca) if now.lost_ca else state)
    return [step.finding(done=True) for step in (*cleared, *steps)]


def _make_way(now: ObservedState, step: Step) -> None:
    """Remove a lock, or end an orphan, but not while it may be about to finish one of the stack's releases."""
    match step.target:
        case Lock() as lock:
            lock.remove()
        case Process() as helper:

            def is_over() -> bool:
                return not (helper.alive() and pending_releases(observed_state.read(now.stack, now.settings)))

            if helper.is_plugin and pending_releases(now):
                until(is_over, PATIENCE, 1)
            helper.end()


def _write(now: ObservedState, step: Step) -> None:
    if not step.target:
        return
    with Client(now.context) as client:
        match step.target:
            case ReleaseRecord() as release if step.act is Act.FORGET:
                forget_revision(client, release)
            case ReleaseRecord() as release:
                fail_revision(client, release)
            case Pair() as pair:
                undo_drift(client, pair)
            case Crd() as crd:
                hand_over_crd(client, crd, now.mesh.the(Kind.BASE))
