"""The execution of an adoption, and its reversal."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from operations import pulumi, stacks
from operations.adopt import entries, plan
from operations.adopt.entries import PROVIDER, is_adopted
from operations.adopt.existing_mesh import ExistingMesh
from operations.pulumi import PulumiFailed
from operations.repair import backend_lock, observed_state
from operations.repair.backend_lock import NotOurs
from operations.repair.observed_state import RELEASE, ObservedState
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown
from pi_mesh.cluster import helm_releases
from pi_mesh.cluster.client import METADATA_ONLY, Client, Discovery
from pi_mesh.names import ADOPTED_ANNOTATION, owner
from pi_mesh.words import text_before_last

ID = "next preview"


def carry_out_adoption(there: ExistingMesh, say: Callable[[str], None]) -> Finding:
    """Write the settings and the state, and judge the next preview; take back a harmful one at once.

    After an interruption the next run goes on: the settings alone change nothing, and the state is written at once.
    """
    for proposal in there.proposals:
        say(f"{proposal.path}: writing it into the stack file")
        kind = "bool" if isinstance(proposal.value, bool) else "string"
        pulumi.set_config(there.now.stack, proposal.path, proposal.text, kind)
    say(f"stack {there.now.stack}: writing its state")
    write_state(there.now, entries.state_with_entries(there), partial(_hand_over, there))
    say(f"stack {there.now.stack}: previewing the next `up`")
    return _judged(there)


def write_state(now: ObservedState, new: dict, first: Callable[[], None] = lambda: None) -> None:
    """Replace the state under the lock, after calling `first` there. Raises NotOurs, also for a changed state."""
    with backend_lock.held_lock(now) as lock:
        if observed_state.comparable_content(pulumi.export(now.stack)) != observed_state.comparable_content(now.state):
            raise NotOurs(now.stack, "was changed by another run in the meantime", "run this command again")
        lock.confirm(now)
        for stale in now.locks:
            stale.remove()
        first()
        lock.give_way()
        pulumi.import_(now.stack, new)


def _hand_over(there: ExistingMesh) -> None:
    """Make the stack the manager of the fields that `up` is going to change and that another manager holds."""
    with Client(there.now.context) as client:
        discovery = Discovery(client)
        for existing in there.objects:
            held = any(entries.field_holders(existing, plan.changed_paths(existing)))
            if held and (path := discovery.path(existing.manifest, "")):
                client.patch_json(path, entries.hand_over_patch(existing))


def _judged(there: ExistingMesh) -> Finding:
    subject = Subject("stack", there.now.stack)
    try:
        steps = pulumi.pending(there.now.stack, judged=False)
    except PulumiFailed as problem:
        message = f"does not preview yet: {problem.finding.message.removeprefix('failed: ')}"
        return unknown(ID, subject, message, "correct that, then run `pulumi preview`; the state is already written")
    if harmful := [f"{op} {urn.rpartition('::')[2]}" for urn, op in steps.items() if op in pulumi.HARMFUL]:
        pulumi.import_(there.now.stack, {**there.now.state, "deployment": there.now.state["deployment"] or {}})
        message = f"would not only be updated by the next `up`: {', '.join(harmful)}; its state was restored"
        return error(ID, subject, message, "report it with the output of `pulumi preview --diff`")
    updates, creates = (sum(op == name for op in steps.values()) for name in ("update", "create"))
    message = f"is adopted; the next `up`: {updates} to update, {creates} to create, 0 to replace, 0 to delete"
    return ok(ID, subject, message, number=updates)


LETS_GO, MARK, STAYS, BACK = "state", "marks", "stays in the state", "the way back"


@dataclass(frozen=True)
class Undo:
    """The resources that an undo removes from the state, and those that stay in it because `up` created them."""

    now: ObservedState
    released: tuple[Mapping, ...]
    kept: tuple[Mapping, ...]
    marked: tuple[str, ...]
    """Namespaces that carry the stack's mark."""
    revisions: Mapping[str, int]
    """Helm's revision of each release, as NAMESPACE/NAME, before this program changed it."""


def read_undo(stack: str) -> Undo:
    """Return the effects of an undo. Raises as `observed_state.read` does."""
    now = observed_state.read(stack, stacks.load(stack))
    gone = tuple(entry for entry in observed_state.resources(now.state) if is_adopted(entry) and _is_of_cluster(entry))
    kept = observed_state.kept_resources(now.state, lambda entry: entry not in gone)
    while idle := _idle(kept):
        kept = [entry for entry in kept if entry["urn"] not in idle]
    mark, namespaces = owner(stack), now.snapshot.namespaces
    marked = tuple(entry.name for entry in namespaces if entry.annotations.get(ADOPTED_ANNOTATION) == mark)
    return Undo(now, gone, tuple(kept), marked, _revisions(now, gone))


def _is_of_cluster(entry: Mapping) -> bool:
    return bool(entry.get("custom")) and not entry["type"].startswith(PROVIDER)


def _idle(entries: list[dict]) -> set[str]:
    """Return the URNs of components and the provider that an adoption wrote and that nothing else needs any more."""
    needed = {entry.get("parent") for entry in entries}
    needed |= {text_before_last(entry.get("provider") or "", "::") for entry in entries}
    return {entry["urn"] for entry in entries if is_adopted(entry)} - needed


def _revisions(now: ObservedState, released: tuple[Mapping, ...]) -> dict[str, int]:
    """Return the newest revision of each adopted release at its adoption, where Helm has since made another."""
    time = datetime.fromisoformat
    adopted_at = {entry["id"]: time(entry["created"]) for entry in released if entry["type"] == RELEASE}
    before: Counter[str] = Counter()
    with Client(now.context) as client:
        listed = client.items(helm_releases.SECRETS_PATH, METADATA_ONLY, labelSelector=helm_releases.HELM_SELECTOR)
    for item in listed:
        record, made = helm_releases.parse_record(item), time(item["metadata"]["creationTimestamp"])
        if record.id in adopted_at and made <= adopted_at[record.id]:
            before[record.id] = max(record.revision, before[record.id])
    latest = Counter({record.id: record.revision for record in now.snapshot.releases})
    return {release: before[release] for release in adopted_at if latest[release] > before[release]}


def undo_plan(undo: Undo) -> Iterator[Finding]:
    """Yield the removed resources, the kept ones, and the way back to the cluster before the first `up`."""
    stack = Subject("stack", undo.now.stack)
    for entry in undo.released:
        subject = Subject(entry["type"].rpartition(":")[2].lower(), entry["id"])
        yield ok(LETS_GO, subject, "leaves the state, and stays in the cluster as it is")
    for name in undo.marked:
        yield ok(MARK, Subject("namespace", name), f"loses the annotation {ADOPTED_ANNOTATION}")
    if made := [entry for entry in undo.kept if _is_of_cluster(entry)]:
        listed = ", ".join(f"{entry['type'].rpartition(':')[2]} {entry['id']}" for entry in made)
        message = f"was made by `pulumi up` and stays: {listed}; `pulumi destroy -s {undo.now.stack}` removes it"
        yield ok(STAYS, stack, message, number=len(made))
    for release, revision in reversed(list(undo.revisions.items())):
        namespace, _, name = release.partition("/")
        back = f"`helm rollback {name} {revision} -n {namespace} --wait`"
        gone = "Helm no longer keeps its earlier revision: run `helm upgrade` with the earlier values"
        yield ok(BACK, Subject("release", release), back if revision else gone)
    if not undo.released and not undo.marked:
        yield ok(LETS_GO, stack, "contains no adopted resource")


def carry_out_undo(undo: Undo) -> None:
    """Write the state, then remove the marks from the cluster; after an interruption, the next run goes on."""
    if undo.released:
        deployment = {**(undo.now.state["deployment"] or {}), "resources": list(undo.kept)}
        write_state(undo.now, {**undo.now.state, "deployment": deployment})
    with Client(undo.now.context) as client:
        for name in undo.marked:
            client.patch(f"/api/v1/namespaces/{name}", {"metadata": {"annotations": {ADOPTED_ANNOTATION: None}}})
        discovery = Discovery(client)
        for entry in undo.released:
            path = None if entry["type"] == RELEASE else discovery.path(entry["outputs"], "")
            live = client.get(path) if path else None
            if path and live and (operations := entries.give_back_patch(live)):
                client.patch_json(path, operations)
