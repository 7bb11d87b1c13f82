"""The execution of a repair's plan."""

import time
from collections.abc import Callable
from dataclasses import replace

from operations import pulumi
from operations.repair import backend_lock, lost_ca, observed_state, plan, state
from operations.repair.backend_lock import BackendLock
from operations.repair.locks import Lock
from operations.repair.observed_state import Situation
from operations.repair.plan import Act, Step
from operations.repair.processes import Process
from operations.repair.writes import Writes
from pi_mesh.checks.finding import Finding
from pi_mesh.cluster.objects import Crd
from pi_mesh.cluster.release_records import ReleaseRecord
from pi_mesh.inventory import Kind

PATIENCE = 60.0
"""Seconds for an orphan to finish a release: ending it in the middle would be worse."""

Say = Callable[[str], None]


def carry_out(now: Situation, say: Say) -> list[Finding]:
    """Repair everything, printing a line for each step; return the completed steps, and the obstacle that ended them.

    The steps in the cluster and the state are planned again after the orphans are gone: these may have finished their
    work.
    """
    with backend_lock.held(now) as lock:
        cleared = list(plan.processes_and_locks(now))
        for step in cleared:
            _say(step, say)
            _make_way(now, step)
        now = replace(observed_state.read(now.stack, now.settings), locks=())
        if obstacle := plan.blocked(now):
            say(f"error: {obstacle}")
            return [*_done(cleared), obstacle]
        steps = plan.steps(now)
        _write_all(now, steps, lock, say)
    return _done([*cleared, *steps])


def _done(steps: list[Step]) -> list[Finding]:
    return [step.finding(done=True) for step in steps]


def _say(step: Step, say: Say) -> None:
    say(f"{step.subject}: {step.act.value}")


def _make_way(now: Situation, step: Step) -> None:
    match step.target:
        case Process() as helper:
            if helper.is_plugin:
                _wait_for(now, helper)
            helper.end()
        case Lock() as lock:
            lock.remove()


def _wait_for(now: Situation, plugin: Process) -> None:
    """Wait while a plugin lives and one of the stack's releases is under way: the plugin may be about to finish it."""
    deadline = time.monotonic() + PATIENCE
    while plugin.alive() and time.monotonic() < deadline and plan.stuck(now):
        time.sleep(1)
        now = observed_state.read(now.stack, now.settings)


def _write_all(now: Situation, steps: list[Step], lock: BackendLock, say: Say) -> None:
    for step in steps:
        if step.target:
            lock.confirm(now)
        _say(step, say)
        _write(now, step)
    if any(step.act in (Act.STATE, Act.FAIL, Act.FORGET_CA) for step in steps):
        lock.confirm(now)
        lock.give_way()
        deployed = {entry.id for entry in now.snapshot.releases if entry.status == "deployed"}
        repaired = state.repaired(now.state, deployed, plan.failed(now))
        pulumi.import_(now.stack, lost_ca.forgotten(repaired, now.lost_ca) if now.lost_ca else repaired)


def _write(now: Situation, step: Step) -> None:
    match step.target:
        case ReleaseRecord() as release if step.act is Act.FORGET:
            Writes(now.context).forget(release)
        case ReleaseRecord() as release:
            Writes(now.context).fail(release)
        case Crd() as crd:
            Writes(now.context).hand_over(crd, now.mesh.the(Kind.BASE))
