"""The settings of a stack that makes the mesh's CA and nothing else."""

from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from pi_mesh.model.base import Model
from pi_mesh.settings.vault import VaultSettings


class CaSettings(Model):
    """A stack that makes the CA and nothing else; the mesh's stack names it in `vault.stack`."""

    vault: VaultSettings

    @model_validator(mode="after")
    def makes_a_ca(self) -> Self:
        if not self.vault.here:
            raise PydanticCustomError(
                "vault_ca_stack", "a stack with vault alone makes the CA: it needs vault.enabled and vault.address"
            )
        if self.vault.also_trust:
            raise PydanticCustomError("vault_trust", "vault.alsoTrust belongs into the mesh's stack")
        if self.vault.key == "internal":
            raise PydanticCustomError("vault_key_stack", "vault.key: internal belongs into the mesh's stack")
        return self
