"""Doing what the plan says."""

import time
from collections.abc import Callable

from operations import pulumi
from operations.repair import observed_state, plan, state
from operations.repair.observed_state import Situation
from operations.repair.plan import Act, Step
from operations.repair.processes import Process
from operations.repair.writes import Writes
from pi_mesh.cluster.objects import Crd
from pi_mesh.cluster.release_records import ReleaseRecord

PATIENCE = 60.0
"""Seconds for an orphan to finish a release: better than ending it in the middle of one."""

Say = Callable[[str], None]


def carry_out(now: Situation, say: Say) -> list[Step]:
    """Repair everything, with a line for each step; return the steps that were done.

    What the cluster and the state need is planned anew once the orphans are gone: they may have finished their work.
    """
    cleared = list(plan.processes_and_locks(now))
    for step in cleared:
        say(f"{step.subject}: {step.act.value}")
        _make_way(now, step)
    now = observed_state.read(now.stack, now.settings)
    writes = Writes(now.settings.cluster.context)
    steps = plan.steps(now)
    for step in steps:
        say(f"{step.subject}: {step.act.value}")
        _write(now, step, writes)
    if any(step.act in (Act.STATE, Act.FAIL) for step in steps):
        deployed = {f"{one.namespace}/{one.name}" for one in now.snapshot.releases if one.status == "deployed"}
        pulumi.import_(now.stack, state.repaired(now.state, deployed, plan.failed(now)))
    return [*cleared, *steps]


def _make_way(now: Situation, step: Step) -> None:
    if isinstance(step.target, Process):
        if step.target.is_plugin:
            _wait_for(now, step.target)
        step.target.end()
    else:
        pulumi.cancel(now.stack)


def _wait_for(now: Situation, plugin: Process) -> None:
    """While it lives and one of our releases is under way, it may be just finishing it."""
    deadline = time.monotonic() + PATIENCE
    while plugin.alive() and time.monotonic() < deadline and plan.stuck(now):
        time.sleep(1)
        now = observed_state.read(now.stack, now.settings)


def _write(now: Situation, step: Step, writes: Writes) -> None:
    match step.target:
        case ReleaseRecord() as release if step.act is Act.FORGET:
            writes.forget(release)
        case ReleaseRecord() as release:
            writes.fail(release)
        case Crd() as crd:
            writes.hand_over(crd, now.settings.istio.namespace)
