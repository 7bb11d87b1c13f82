"""The observed state after a killed run: cluster, Pulumi's state, locks, processes and the CA in Vault."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from operations import pulumi, stacks
from operations.repair import processes
from operations.repair.processes import Lock, Process
from pi_mesh import inventory
from pi_mesh.certificates.pem import CertificateError
from pi_mesh.checks import root_trust
from pi_mesh.checks.root_trust import LostCa
from pi_mesh.cluster import identity, snapshot
from pi_mesh.cluster.live_objects import Pair
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory
from pi_mesh.settings import CaSettings, Settings
from pi_mesh.settings.vault import VaultSettings
from pi_mesh.vault import VaultError

RELEASE = "kubernetes:helm.sh/v3:Release"
INTERRUPTED = "interrupted; Helm must go over it again"


def resources(state: Mapping) -> list[dict]:
    """Return the resources of a state; none for a stack that never ran."""
    return (state["deployment"] or {}).get("resources") or []


def with_dependencies(entry: Mapping, is_kept: Callable[[str], bool]) -> dict:
    """Return a resource without its other dependencies: Pulumi imports no state that names a missing resource."""
    changed = dict(entry)
    if "dependencies" in entry:
        changed["dependencies"] = [urn for urn in entry["dependencies"] or [] if is_kept(urn)]
    if by_property := entry.get("propertyDependencies"):
        kept = {key: [urn for urn in urns or [] if is_kept(urn)] for key, urns in by_property.items()}
        changed["propertyDependencies"] = kept
    return changed


def kept_resources(state: Mapping, is_kept: Callable[[Mapping], bool]) -> list[dict]:
    """Return the resources that stay in a state, without dependencies on the others."""
    gone = {entry["urn"] for entry in resources(state) if not is_kept(entry)}
    return [with_dependencies(entry, lambda urn: urn not in gone) for entry in resources(state) if is_kept(entry)]


def pending_operations(state: dict) -> list[str]:
    """Return the operations under way when the run was killed, such as "creating istiod-release"."""
    return [f"{entry['type']} {entry['resource']['urn'].rpartition('::')[2]}" for entry in _operations(state)]


def repaired_state(state: dict, deployed: Collection[str], failed: Collection[str]) -> dict:
    """Return the state without pending operations.

    `deployed`: releases, as NAMESPACE/NAME, that the cluster has finished: those that the state does not know yet are
    added, because Helm would refuse to install them again. `failed`: releases whose resource needs another update.
    """
    again = {"initErrors": [INTERRUPTED]}
    entries = [{**entry, **again} if _is_one_of(entry, failed) else entry for entry in resources(state)]
    known = {entry["urn"] for entry in entries}
    created = [entry["resource"] for entry in _operations(state) if entry["type"] == "creating"]
    releases = {release_id(entry): entry for entry in created if entry["type"] == RELEASE and entry["urn"] not in known}
    # As if its creation had failed half-way: the next `up` updates it, whatever its inputs.
    entries += [
        {**entry, "id": id, "outputs": entry["inputs"], **again} for id, entry in releases.items() if id in deployed
    ]
    return {**state, "deployment": {**state["deployment"], "resources": entries, "pending_operations": []}}


def interrupted_releases(state: dict) -> set[str]:
    """Return the releases, as NAMESPACE/NAME, of the operations under way."""
    return {release_id(entry["resource"]) for entry in _operations(state) if entry["resource"]["type"] == RELEASE}


def comparable_content(state: dict) -> tuple[list, list]:
    """Return a comparable content of a state: secrets are encrypted differently in every export."""
    entries = [(entry["urn"], entry.get("id"), entry.get("modified")) for entry in resources(state)]
    return entries, pending_operations(state)


def known_releases(state: dict) -> set[str]:
    """Return the releases that the state knows, as NAMESPACE/NAME."""
    return {entry["id"] for entry in resources(state) if entry["type"] == RELEASE}


def unnoticed_failures(state: dict, failed: Collection[str]) -> list[str]:
    """Return the failed releases, as NAMESPACE/NAME, that the state calls successful: a refresh forgets failures."""
    return [entry["id"] for entry in resources(state) if _is_one_of(entry, failed) and not entry.get("initErrors")]


def release_id(resource: dict) -> str:
    """Return the provider's id of a release: NAMESPACE/NAME."""
    return f"{resource['inputs']['namespace']}/{resource['inputs']['name']}"


def _operations(state: dict) -> list[dict]:
    return (state["deployment"] or {}).get("pending_operations") or []


def _is_one_of(resource: dict, releases: Collection[str]) -> bool:
    return resource["type"] == RELEASE and resource.get("id") in releases


IN_VAULT = "vault:"
"""Prefix of the types of all resources in Vault, which the program creates for the CA alone."""
MOUNT = "vault:index/mount:Mount"


def find_lost_ca(state: dict, vault: VaultSettings) -> LostCa | None:
    """Return what Vault has in place of the CA in the state; None where Vault has that CA, or the state has none.

    A refresh that failed has already removed a part of the CA from the state. Raises VaultError without an answer.
    """
    ours = [entry for entry in resources(state) if entry["type"].startswith(IN_VAULT)]
    if not vault.here or not ours:
        return None
    values = [{**entry.get("inputs", {}), **entry.get("outputs", {})} for entry in ours]
    return root_trust.lost_ca([str(value["certificate"]) for value in values if value.get("certificate")], vault)


def without_lost_ca(state: dict, lost: LostCa) -> dict:
    """Return the state without the lost CA: `pulumi up` then creates it with a new key, and the rest stays.

    The remaining content of the mount is written again, which changes nothing.
    """
    kept_type = MOUNT if lost.has_mount else ""
    kept = kept_resources(state, lambda entry: entry["type"] == kept_type or not entry["type"].startswith(IN_VAULT))
    return {**state, "deployment": {**state["deployment"], "resources": kept}}


@dataclass(frozen=True)
class ObservedState:
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
    drift: tuple[Pair, ...] = ()
    """Objects that differ from what was applied, where the command asks for them."""

    @property
    def mesh_settings(self) -> Settings:
        assert isinstance(self.settings, Settings), "a stack that makes the CA alone has no mesh"
        return self.settings

    @property
    def mesh(self) -> Inventory:
        return inventory.mesh_inventory(self.mesh_settings, self.stack)

    @property
    def context(self) -> str:
        """Return the kubeconfig's context; empty where there is no cluster."""
        return self.settings.cluster.context if isinstance(self.settings, Settings) else ""


def read(stack: str, settings: Settings | CaSettings) -> ObservedState:
    """Read the observed state. Raises as `pi_mesh.cluster.snapshot.read` does, and PulumiFailed without a state."""
    backend, state = pulumi.backend(), pulumi.export(stack)
    cluster = Snapshot()
    if isinstance(settings, Settings):
        cluster = snapshot.read(settings.cluster.context)
        identity.require(settings.cluster, stacks.of_export(state).cluster_uid, cluster.uid)
    lost, unknown = None, ""
    try:
        lost = find_lost_ca(state, settings.vault)
    except (VaultError, CertificateError) as problem:
        unknown = str(problem)
    known, locks = processes.is_examinable(backend), tuple(processes.read_locks(backend, stack))
    orphans = tuple(processes.orphaned_processes(Path.cwd()))
    # `pulumi cancel` takes the lock of a run that lives on.
    is_over = known and not processes.running_engines(Path.cwd())
    return ObservedState(
        stack, settings, cluster, state, locks, known, orphans, backend, is_over, lost, vault_unknown=unknown
    )
