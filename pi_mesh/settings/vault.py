"""The optional intermediate CA in Vault that signs the mesh's certificates."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pi_mesh.model.base import Model, MountPath, NamespaceName
from pi_mesh.model.patterns import VaultAddress, matching
from pi_mesh.settings.cert_manager import CertManagerSettings
from pi_mesh.settings.sources import is_unprotected

Pem = Annotated[
    str,
    matching(r"-----BEGIN CERTIFICATE-----", 'certificates in PEM form ("-----BEGIN CERTIFICATE-----")'),
]
Generation = Annotated[int, Field(ge=1, le=100_000)]

TOO_SHORT = 168
"""Hours: a CA with no more than these 7 days left is refused (`pi_mesh.certificates.expiry`)."""
LONGEST = 2_562_047
"""Hours: Vault counts a life in nanoseconds with 64 bits, which are 292 years."""


def _within_bounds(value: str) -> str:
    if int(value.removesuffix("h")) > LONGEST:
        raise ValueError(f"is more than Vault can count, which is {LONGEST}h")
    if int(value.removesuffix("h")) <= TOO_SHORT:
        raise ValueError(
            f"is not more than {TOO_SHORT}h: a CA with 7 days left is refused, so it would be made in vain"
        )
    return value


Ttl = Annotated[
    str,
    matching(r"^[1-9][0-9]{0,6}h$", f'whole hours such as "8760h", at most {LONGEST}h'),
    AfterValidator(_within_bounds),
]


class SignedChain(Model):
    """What a CA outside of Vault made of a signing request."""

    generation: Generation
    """The generation whose request was signed; the mesh signs with this key until a newer chain is here."""
    chain: Pem
    """The signed certificate first, then each one's signer, the root last."""


class VaultSettings(Model):
    """The mesh's certificates chain to Vault's root. Off: nothing of Vault is imported, asked or needed."""

    enabled: bool = False
    stack: Annotated[str, matching(r"^[^/\s]+/[^/\s]+/[^/\s]+$", "ORGANIZATION/PROJECT/STACK")] | None = None
    """ORGANIZATION/PROJECT/STACK whose settings hold the CA: then this stack needs no access to Vault."""
    address: VaultAddress | None = None
    """Vault's API, as whoever runs Pulumi reaches it. The token is the secret `vaultToken`, or VAULT_TOKEN."""
    allow_http: bool = False
    """Take an http:// address of Vault on another machine: the token and the CA's key then cross the network in the
    clear."""
    ca_file: Annotated[str, Field(min_length=1)] | None = None
    """A PEM file with the CA of Vault's own TLS certificate, seen from the project's folder."""
    namespace: NamespaceName = "vault"
    """The Kubernetes namespace of Vault's service; the URLs in issued certificates point there."""
    mount: MountPath = "pki_int"
    """Where the intermediate CA is mounted."""
    signed_by: Literal["vault", "outside"] = "vault"
    """Who signs it: the CA at `rootMount`, or one outside of Vault that gets the request from the stack's outputs."""
    root_mount: MountPath = "pki"
    """Where the CA is mounted that signs; made beforehand by its owner."""
    signed: SignedChain | None = None
    """With `signedBy: outside`, what came back."""
    common_name: Annotated[str, Field(min_length=1, max_length=64)] = "Istio Intermediate CA"
    ttl: Ttl = "8760h"
    """Life of the intermediate's certificate, in hours; it never outlives its signer."""
    generation: Generation = 1
    """Counted up for a new key and certificate; `rotate-ca` does it."""
    key: Literal["exported", "internal"] = "exported"
    """Where its key is: handed over to istiod once; or in Vault for good, which then signs each certificate."""
    workload_role: bool = False
    """Keep the Vault PKI role `mesh-workload`, which signs any identity of the mesh, for workloads outside of the
    cluster. A role for the one identity of such a workload is safer (docs/vault.md)."""
    cert_manager: CertManagerSettings = CertManagerSettings()
    """With `key: internal`, what carries istiod's requests to Vault."""
    also_trust: tuple[Pem, ...] = ()
    """Further roots that the mesh trusts, for the time in which it changes from one root to another."""

    @property
    def here(self) -> bool:
        """Whether this stack makes the CA itself."""
        return self.enabled and self.stack is None

    @property
    def signs(self) -> bool:
        """Whether the mesh's certificates are of this CA; not while one outside of Vault has yet to sign it."""
        return self.enabled and (self.stack is not None or self.signed_by == "vault" or self.signed is not None)

    @property
    def external_signer(self) -> bool:
        """Whether Vault signs each of the mesh's certificates, so that no key of the CA is in the cluster."""
        return self.signs and self.key == "internal"

    @property
    def service(self) -> str:
        """Vault's API as pods reach it."""
        return f"{str(self.address).partition(':')[0]}://vault.{self.namespace}.svc:8200"

    @property
    def ttl_hours(self) -> int:
        return int(self.ttl.removesuffix("h"))

    def plain_http(self) -> Iterator[tuple[str, str]]:
        """Yield the field and the address over which others can read the token, the CA's key, or a login.

        Yields nothing where allowHttp takes such addresses.
        """
        if self.allow_http:
            return
        own, issuers = self.address if self.here else None, None
        if self.here and self.key == "internal":
            issuers = self.cert_manager.address or self.service
        for field, address in (("address", own), ("certManager.address", issuers)):
            if address and is_unprotected(address):
                yield field, address

    def conflicts(self) -> Iterator[str]:
        if self.enabled and (self.stack is None) == (self.address is None):
            yield "needs either address (the CA is made by this stack) or stack (it is made by another), not both"
        if self.signed and self.signed_by != "outside":
            yield "signed goes with signedBy: outside; Vault signs otherwise"
        if self.signed and self.signed.generation > self.generation:
            signed, own = self.signed.generation, self.generation
            yield f"signed.generation {signed} is above generation {own}: there is no such request yet"
        if self.key == "internal" and self.stack:
            yield "key: internal goes with address: what another stack hands over is a key"
        if self.key == "internal" and self.also_trust:
            yield (
                "key: internal keeps its root; for another one set key: exported, go through the steps in "
                "docs/vault.md, then key: internal again"
            )
