"""The execution of an adoption: the stack file first, then the state, in one write under the backend's lock."""

from collections.abc import Callable
from functools import partial

from operations import pulumi
from operations.adopt import entries, held_fields, object_rows
from operations.adopt.existing_mesh import ExistingMesh
from operations.failures import Exit, OperationError
from operations.pulumi import PulumiFailed
from operations.repair import backend_lock, state
from pi_mesh.checks.finding import Finding, Subject, error, ok, unknown
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.discovery import Discovery

ID = "next preview"


class ChangedMeanwhile(OperationError):
    """A run changed the state after this command had read it: nothing was written."""

    status = Exit.PROBLEMS

    def __init__(self, stack: str) -> None:
        super().__init__(
            error(
                "backend lock",
                Subject("stack", stack),
                "was changed by another run in the meantime",
                "run this command again",
            )
        )


def carry_out(there: ExistingMesh, say: Callable[[str], None]) -> Finding:
    """Write the settings and the state, and judge the next preview; take back a harmful one at once.

    After an interruption the next run goes on: the settings alone change nothing, and the state is written in one
    piece.
    """
    for one in there.proposals:
        say(f"{one.path}: writing it into the stack file")
        pulumi.set_config(
            there.now.stack, one.path, str(one.value).lower() if one.value in (True, False) else one.value
        )
    say(f"stack {there.now.stack}: writing its state")
    write(there, entries.state_with(there), partial(_hand_over, there))
    say(f"stack {there.now.stack}: previewing the next `up`")
    return _judged(there)


def write(there: ExistingMesh, new: dict, first: Callable[[], None] = lambda: None) -> None:
    """Replace the state under the lock, after calling `first` there. Raises ChangedMeanwhile or NotOurs."""
    now = there.now
    with backend_lock.held(now) as lock:
        if state.content(pulumi.export(now.stack)) != state.content(now.state):
            raise ChangedMeanwhile(now.stack)
        lock.confirm(now)
        for stale in now.locks:
            stale.remove()
        first()
        lock.give_way()
        pulumi.import_(now.stack, new)


def _hand_over(there: ExistingMesh) -> None:
    """Make the stack the manager of the fields that `up` is going to change and that another manager holds."""
    held = [one for one in there.objects if any(held_fields.holders(one, object_rows.paths_held(one)))]
    with Client(there.now.context) as client:
        discovery = Discovery(client)
        for one in held:
            if path := discovery.path(one.wanted, ""):
                client.patch_json(path, held_fields.handed_over(one))


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
