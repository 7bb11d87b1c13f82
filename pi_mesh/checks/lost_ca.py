"""The mesh's CA in Vault must be the one that the stack made: a mount may be removed, a Vault wiped or restored."""

from collections.abc import Iterable
from dataclasses import dataclass

from pi_mesh.certificates import pem
from pi_mesh.settings.vault import VaultSettings
from pi_mesh.vault import read_own_ca


@dataclass(frozen=True)
class LostCa:
    """A CA that the state has and Vault does not."""

    mount: str
    """Path of the mount in Vault."""
    found: str
    """Content of that mount, in words."""
    has_mount: bool = True
    """False if nothing is mounted at that path."""


def find(certificates: Iterable[str], vault: VaultSettings) -> LostCa | None:
    """Compare the CA at its mount with the stack's CAs (PEM, each with or without its signers).

    Returns None if it is one of them. Without certificates, a CA outside Vault has not signed yet, and only the mount
    is looked for. Raises VaultError if Vault gives no answer.
    """
    ours = [pem.certificates(certificate, "the stack's state")[0] for certificate in certificates]
    there = read_own_ca(vault)
    if there is None:
        return LostCa(vault.mount, "nothing is mounted there", has_mount=False)
    if not ours:
        return None
    if not there.strip():
        return LostCa(vault.mount, "the mount holds no CA")
    ca = pem.certificates(there, f"vault.mount {vault.mount}")[0]
    return None if ca in ours else LostCa(vault.mount, f"the mount holds {pem.title(ca)}")
