"""The mesh's CA in Vault, where Vault no longer has it: its mount was removed, or Vault was wiped or restored."""

from collections.abc import Set
from dataclasses import dataclass

from pi_mesh.certificates import pem
from pi_mesh.settings.vault import VaultSettings
from pi_mesh.vault import read_own_ca

MOUNT = "vault:index/mount:Mount"
IMPORTED = "vault:pkiSecret/secretBackendIntermediateSetSigned:SecretBackendIntermediateSetSigned"


@dataclass(frozen=True)
class LostCa:
    """A CA that the state holds and Vault does not."""

    mount: str
    """Vault's path."""
    found: str
    """What Vault has there."""
    has_mount: bool
    """False where nothing is mounted at that path."""


def find(state: dict, vault: VaultSettings) -> LostCa | None:
    """Compare the CA in the state with the one at its mount; None where they are the same, or the state has none.

    Raises VaultError where Vault does not tell.
    """
    imported = [entry for entry in _resources(state) if entry["type"] == IMPORTED]
    if not vault.here or not imported:
        return None
    in_vault = read_own_ca(vault)
    if in_vault is None:
        return LostCa(vault.mount, "nothing is mounted there", has_mount=False)
    if not in_vault.strip():
        return LostCa(vault.mount, "the mount holds no CA", has_mount=True)
    there = pem.certificates(in_vault, f"vault.mount {vault.mount}")[0]
    if there in [pem.certificates(entry["inputs"]["certificate"], "the state")[0] for entry in imported]:
        return None
    return LostCa(vault.mount, f"the mount holds {pem.title(there)}", has_mount=True)


def forgotten(state: dict, lost: LostCa) -> dict:
    """Return the state without the lost CA: `pulumi up` then makes it anew, with a new key, and the rest stays.

    All that is lost with the mount names it in `deletedWith`; to make what is still there is to write it again.
    """
    deployment = state["deployment"]
    mounts = {entry["urn"] for entry in _resources(state) if entry["type"] == MOUNT}
    gone = {entry["urn"] for entry in _resources(state) if entry.get("deletedWith") in mounts}
    gone |= set() if lost.has_mount else mounts
    kept = [_independent_of(gone, entry) for entry in _resources(state) if entry["urn"] not in gone]
    return {**state, "deployment": {**deployment, "resources": kept}}


def _resources(state: dict) -> list[dict]:
    return state["deployment"].get("resources") or []


def _independent_of(gone: Set[str], entry: dict) -> dict:
    """Return a resource that waits for none of these: Pulumi takes no state back that names what it does not hold."""
    waits = {"dependencies": [urn for urn in entry.get("dependencies") or [] if urn not in gone]}
    by_property = {
        name: [urn for urn in urns or [] if urn not in gone]
        for name, urns in (entry.get("propertyDependencies") or {}).items()
    }
    return {**entry, **waits, "propertyDependencies": by_property}
