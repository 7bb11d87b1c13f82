"""The settings of a stack that makes the mesh's CA and nothing else."""

from collections.abc import Iterator

from pi_mesh.model.base import Model
from pi_mesh.settings.vault import VaultSettings


class CaSettings(Model):
    """A stack that makes the CA and nothing else; the mesh's stack names it in `vault.stack`."""

    vault: VaultSettings

    def conflicts(self) -> Iterator[str]:
        if not self.vault.here:
            yield "vault: a stack with the key vault alone makes the CA and needs vault.enabled and vault.address"
        if self.vault.also_trust:
            yield "vault.alsoTrust belongs in the mesh's stack"
        if self.vault.key == "internal":
            yield "vault.key: internal belongs in the mesh's stack"
