"""Source of the mesh's CA: made by this stack, or taken from the outputs of another."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pulumi

from components import config, outputs
from pi_mesh.certificates import pem
from pi_mesh.settings.vault import VaultSettings
from pi_mesh.values.vault import SigningRole
from pi_mesh.vault import VaultError, read_root

if TYPE_CHECKING:
    from components.ca.intermediate import VaultCa


@dataclass(frozen=True)
class Source:
    """A chain (PEM, the CA first, the root last) and the key of its first certificate."""

    chain: pulumi.Output[str]
    key: pulumi.Output[str]


def root(vault: VaultSettings) -> str | None:
    """The root (PEM) that the CA of this stack will chain to; None where only its outputs will tell.

    To be called before any resource is registered: raises VaultError if Vault can't be used.
    """
    if not vault.here:
        return None
    signer = read_root(vault, config.vault_token())
    if signer:
        _require_room(vault, signer)
        return signer
    return pem.text(pem.certificates(vault.signed.chain, "vault.signed.chain")[-1:]) if vault.signed else None


def of(vault: VaultSettings, name: str) -> Source | None:
    """The CA, made here or taken from another stack. None while a CA outside of Vault has yet to sign it."""
    if vault.stack:
        return _elsewhere(vault.stack)
    ca = made(vault, name)
    return Source(ca.chain, ca.key) if ca.chain and ca.key else None


def made(vault: VaultSettings, name: str, role: SigningRole | None = None) -> "VaultCa":
    """The CA, made here; with a `role`, Vault signs with it."""
    # Imported here, so that nobody needs the package or its plugin without a CA of its own.
    from components.ca.intermediate import VaultCa, VaultCaArgs

    ca = VaultCa(name, VaultCaArgs(vault, config.secret_vault_token(), role))
    if vault.signed_by == "outside":
        outputs.export_request(ca.request)
    return ca


def _elsewhere(stack: str) -> Source:
    """The CA that another stack made."""
    made = pulumi.StackReference(stack).require_output(outputs.AUTHORITY)
    return Source(made.apply(lambda output: output["chain"]), made.apply(lambda output: output["key"]))


def _require_room(vault: VaultSettings, root: str) -> None:
    """Vault before 1.17 lets a certificate outlive its signer, later ones shorten it and say nothing."""
    signer = pem.certificates(root, f"vault.rootMount {vault.root_mount}")[0]
    left = signer.not_valid_after_utc - datetime.now(UTC)
    if timedelta(hours=vault.ttl_hours) > left:
        raise VaultError(
            f"vault.ttl {vault.ttl} would outlive its signer {pem.title(signer)}, which ends "
            f"{signer.not_valid_after_utc:%Y-%m-%d %H:%M} UTC: at most {max(0, left // timedelta(hours=1))}h"
        )
