"""What a killed run may have left, all of it, as it is now."""

from dataclasses import dataclass
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

    @property
    def mesh(self) -> Inventory:
        return inventory.of(self.settings, self.stack)


def read(stack: str, settings: Settings) -> Situation:
    """Raises as `pi_mesh.cluster.snapshot.read` does, and PulumiFailed where Pulumi can't read the stack."""
    backend, state = pulumi.backend(), pulumi.export(stack)
    cluster = snapshot.read(settings.cluster.context)
    identity.require(settings.cluster, stacks.of_export(state).cluster_uid, cluster.uid)
    return Situation(
        stack,
        settings,
        cluster,
        state,
        tuple(locks.read(backend, stack)),
        locks.examinable(backend),
        tuple(processes.orphans(Path.cwd())),
    )
