"""The mesh's CA in a stack's state: its resources in Vault, and the changes that the settings would make to them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pi_mesh.settings.vault import VaultSettings
from pi_mesh.values.vault import SigningRole

CA = "mesh-ca"
"""Name of the component that makes the mesh's CA in Vault."""
PREFIX = "vault:"
"""Prefix of the types of all resources in Vault."""
COMPARED = ("allowedDomains", "backend", "certificate", "commonName", "maxTtl", "path", "ttl", "type")
PUBLIC = (*COMPARED, "caChains")
"""Properties of a resource that are kept; a key never is."""
Properties = Mapping[str, object]


@dataclass(frozen=True)
class VaultResource:
    """A resource in Vault: its type and the public part of its outputs."""

    type: str
    outputs: Properties = field(default_factory=dict)


def of_resource(resource: Mapping[str, Any]) -> VaultResource:
    """Return the kept part of a resource of the state."""
    outputs = resource.get("outputs") or {}
    return VaultResource(resource["type"], {name: outputs[name] for name in PUBLIC if name in outputs})


@dataclass(frozen=True)
class WantedCa:
    """The CA that the settings ask for, made by the component of this name."""

    name: str
    settings: VaultSettings
    role: SigningRole | None = None
    """Vault PKI role for istiod's requests, if the key stays in Vault."""

    def resources(self) -> dict[str, Properties]:
        """Return the resources in Vault by name, each with the properties that identify the CA."""
        return {f"{self.name}-{suffix}": properties for suffix, properties in self._resources()}

    def _resources(self) -> Iterator[tuple[str, Properties]]:
        vault, mount = self.settings, {"backend": self.settings.mount}
        yield "mount", {"path": vault.mount}
        yield from ((suffix, mount) for suffix in ("urls", "tidy"))
        if vault.workload_role:
            yield "role", mount
        if self.role:
            yield "istiod-role", {**mount, "maxTtl": str(self.role.longest), "allowedDomains": [*self.role.hosts]}
        signed = vault.signed.generation if vault.signed else vault.generation
        for generation in {vault.generation, signed}:
            yield f"request-{generation}", {**mount, "type": vault.key, "commonName": vault.common_name}
        if vault.signed_by == "vault":
            issued = {"backend": vault.root_mount, "commonName": vault.common_name, "ttl": vault.ttl}
            yield f"signature-{vault.generation}", issued
        if vault.signed_by == "vault" or vault.signed:
            yield f"certificate-{signed}", {**mount, "certificate": vault.signed.chain} if vault.signed else mount
            yield "default-issuer", mount

    def changes(self, state: Mapping[str, VaultResource]) -> list[str]:
        """Return the names of the resources that would be created or replaced."""
        return [
            name
            for name, properties in self.resources().items()
            if name not in state or any(state[name].outputs.get(key) != value for key, value in properties.items())
        ]

    def signs(self, state: Mapping[str, VaultResource]) -> bool:
        """Return True if Vault would sign a CA certificate."""
        generation = self.settings.generation
        due = {f"{self.name}-{suffix}" for suffix in ("mount", f"request-{generation}", f"signature-{generation}")}
        return self.settings.signed_by == "vault" and not due.isdisjoint(self.changes(state))

    def exchanges(self, state: Mapping[str, VaultResource]) -> bool:
        """Return True if istiod would get a CA certificate that the state does not have."""
        return self.signs(state) or any(name.startswith(f"{self.name}-certificate-") for name in self.changes(state))

    def chain(self, state: Mapping[str, VaultResource]) -> str:
        """Return the PEM of the state's chain, the CA first; empty until a CA outside Vault has signed."""
        if self.settings.signed_by == "outside":
            return self.settings.signed.chain if self.settings.signed else ""
        outputs = state[f"{self.name}-signature-{self.settings.generation}"].outputs
        above = outputs.get("caChains")
        return "\n".join([str(outputs.get("certificate")), *(above if isinstance(above, list) else [])])


@dataclass(frozen=True)
class Answer:
    """The facts about the mesh's CA that are known before any resource is registered."""

    root: str | None = None
    """PEM of the root that the CA chains to; None if only another stack or a later answer has it."""
    kept: Mapping[str, VaultResource] | None = None
    """Resources in Vault by name that all stay as in the state, because Vault could not be asked."""
