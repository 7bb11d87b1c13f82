"""Detection and removal of a CA that is in the stack's state and no longer in Vault."""

from collections.abc import Set

from pi_mesh.checks import lost_ca
from pi_mesh.checks.lost_ca import LostCa
from pi_mesh.settings.vault import VaultSettings

IN_VAULT = "vault:"
"""Prefix of the types of all resources in Vault, which the program creates for the CA alone."""
MOUNT = "vault:index/mount:Mount"


def find(state: dict, vault: VaultSettings) -> LostCa | None:
    """Return what Vault has in place of the CA in the state; None where Vault has that CA, or the state has none.

    A refresh that failed has already removed a part of the CA from the state. Raises VaultError where Vault gives no
    answer.
    """
    ours = [entry for entry in _resources(state) if _is_in_vault(entry)]
    if not vault.here or not ours:
        return None
    values = [{**entry.get("inputs", {}), **entry.get("outputs", {})} for entry in ours]
    return lost_ca.find([str(value["certificate"]) for value in values if value.get("certificate")], vault)


def forgotten(state: dict, lost: LostCa) -> dict:
    """Return the state without the lost CA: `pulumi up` then creates it with a new key, and the rest stays.

    The remaining content of the mount is written again, which changes nothing.
    """
    kept_type = MOUNT if lost.has_mount else ""
    gone = {entry["urn"] for entry in _resources(state) if _is_in_vault(entry) and entry["type"] != kept_type}
    kept = [_independent_of(gone, entry) for entry in _resources(state) if entry["urn"] not in gone]
    return {**state, "deployment": {**state["deployment"], "resources": kept}}


def _is_in_vault(entry: dict) -> bool:
    return entry["type"].startswith(IN_VAULT)


def _resources(state: dict) -> list[dict]:
    return state["deployment"].get("resources") or []


def _independent_of(gone: Set[str], entry: dict) -> dict:
    """Return a resource without dependencies on these: Pulumi imports no state that names a missing resource."""
    waits = {"dependencies": [urn for urn in entry.get("dependencies") or [] if urn not in gone]}
    by_property = {
        name: [urn for urn in urns or [] if urn not in gone]
        for name, urns in (entry.get("propertyDependencies") or {}).items()
    }
    return {**entry, **waits, "propertyDependencies": by_property}
