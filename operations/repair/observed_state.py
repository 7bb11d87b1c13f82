"""What a killed run may have left, all of it, as it is now."""

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
    """Empty for a stack that makes the CA and nothing else: it has no cluster."""
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
    lost_ca: LostCa | None = None
    vault_unknown: str = ""
    """Why Vault does not tell whether it still has the CA."""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def mesh_settings(self) -> Settings:
        """The settings of a stack that has a mesh."""
        assert isinstance(self.settings, Settings), "a stack that makes the CA alone has no mesh"
        return self.settings

    @property
    def mesh(self) -> Inventory:
        return inventory.of(self.mesh_settings, self.stack)

    @property
    def context(self) -> str:
        """The kubeconfig's context; empty where there is no cluster."""
        return self.settings.cluster.context if isinstance(self.settings, Settings) else ""


def read(stack: str, settings: Settings | CaSettings) -> Situation:
    """Raises as `pi_mesh.cluster.snapshot.read` does, and PulumiFailed where Pulumi can't read the stack."""
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
