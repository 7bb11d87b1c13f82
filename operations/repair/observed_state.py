"""What a killed run may have left, all of it, as it is now."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from operations import pulumi, stacks
from operations.repair import locks, processes
from operations.repair.locks import Lock
from operations.repair.processes import Process
from pi_mesh import inventory
from pi_mesh.cluster import identity, snapshot
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory
from pi_mesh.settings import Settings


@dataclass(frozen=True)
class Situation:
    stack: str
    settings: Settings
    snapshot: Snapshot
    state: dict
    """As `pulumi stack export` has it."""
    locks: tuple[Lock, ...] = ()
    locks_known: bool = True
    """False where the backend's locks can't be looked at."""
    orphans: tuple[Process, ...] = ()
    backend: str = ""
    """Its URL."""
    run_is_over: bool = False
    """True where no run can be going on that has no lock: a run of Pulumi has one wherever we can look."""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def mesh(self) -> Inventory:
        return inventory.of(self.settings, self.stack)


def read(stack: str, settings: Settings) -> Situation:
    """Raises as `pi_mesh.cluster.snapshot.read` does, and PulumiFailed where Pulumi can't read the stack."""
    backend, state = pulumi.backend(), pulumi.export(stack)
    cluster = snapshot.read(settings.cluster.context)
    identity.require(settings.cluster, stacks.of_export(state).cluster_uid, cluster.uid)
    known = locks.examinable(backend)
    return Situation(
        stack,
        settings,
        cluster,
        state,
        tuple(locks.read(backend, stack)),
        known,
        tuple(processes.orphans(Path.cwd())),
        backend,
        # `pulumi cancel` takes the lock of a run that lives on.
        known and not processes.engines(Path.cwd()),
    )
