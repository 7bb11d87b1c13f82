"""The observed state after a killed run: cluster, state, locks, processes and the CA in Vault."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from operations import pulumi, stacks
from operations.repair import locks, lost_ca, processes
from operations.repair.locks import Lock
from operations.repair.processes import Process
from pi_mesh import inventory
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.checks.lost_ca import LostCa
from pi_mesh.cluster import identity, snapshot
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory
from pi_mesh.settings import CaSettings, Settings
from pi_mesh.vault import VaultError


@dataclass(frozen=True)
class Situation:
    stack: str
    settings: Settings | CaSettings
    snapshot: Snapshot
    """The snapshot; empty for a stack that makes the CA and nothing else, because it has no cluster."""
    state: dict
    """The state, as `pulumi stack export` has it."""
    locks: tuple[Lock, ...] = ()
    locks_known: bool = True
    """False where the backend's locks cannot be read."""
    orphans: tuple[Process, ...] = ()
    backend: str = ""
    """URL of the backend."""
    run_is_over: bool = False
    """True where no run without a lock can be under way: a run has a lock in every backend that can be read."""
    lost_ca: LostCa | None = None
    vault_unknown: str = ""
    """Reason why it is unknown whether Vault still has the CA."""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def mesh_settings(self) -> Settings:
        """Return the settings of a stack that has a mesh."""
        assert isinstance(self.settings, Settings), "a stack that makes the CA alone has no mesh"
        return self.settings

    @property
    def mesh(self) -> Inventory:
        return inventory.of(self.mesh_settings, self.stack)

    @property
    def context(self) -> str:
        """Return the kubeconfig's context; empty where there is no cluster."""
        return self.settings.cluster.context if isinstance(self.settings, Settings) else ""


def read(stack: str, settings: Settings | CaSettings) -> Situation:
    """Read the observed state. Raises as `pi_mesh.cluster.snapshot.read` does, and PulumiFailed without a state."""
    backend, state = pulumi.backend(), pulumi.export(stack)
    cluster = _cluster(settings, state)
    lost, unknown = _lost_ca(settings, state)
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
        lost,
        unknown,
    )


def _cluster(settings: Settings | CaSettings, state: dict) -> Snapshot:
    if isinstance(settings, CaSettings):
        return Snapshot()
    cluster = snapshot.read(settings.cluster.context)
    identity.require(settings.cluster, stacks.of_export(state).cluster_uid, cluster.uid)
    return cluster


def _lost_ca(settings: Settings | CaSettings, state: dict) -> tuple[LostCa | None, str]:
    try:
        return lost_ca.find(state, settings.vault), ""
    except (VaultError, CertificateError) as problem:
        return None, str(problem)
