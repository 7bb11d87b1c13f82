"""The optional intermediate CA in Vault that signs the mesh's certificates; cert-manager carries requests to it."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pi_mesh.catalog import cert_manager
from pi_mesh.facts import NAME, OFF, ON, Harmless, Helm, Weaker, becomes, differs, grows, is_longer, replaces
from pi_mesh.model import ExtraValues, Model, MountPath, NamespaceName, ResourceProfile, VaultAddress, matching, profile
from pi_mesh.settings.releases import ChartSource, is_unprotected

ChartVersion = Annotated[str, matching(r"^v[0-9]+\.[0-9]+\.[0-9]+$", 'an exact chart version such as "v1.21.2"')]

ServiceAccountName = Annotated[
    str,
    matching(r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", "the name of a service account: small letters, digits, dots, dashes"),
]


OTHER_VAULT = "another Vault gets the token and signs the mesh's certificates"
OTHER_CA = "another CA signs the mesh's certificates"


class VaultLogin(Model):
    """Login of cert-manager to Vault by a short-lived token of its own service account; no secret is stored."""

    mount: MountPath = "jwt"
    """Path of Vault's auth method for the cluster's service accounts, of type jwt or kubernetes."""
    role: Annotated[str, matching(r"^[A-Za-z0-9_.-]+$", 'a name of letters, digits, "_", "." and "-"')] = "pi-mesh"
    """Name of the auth role in Vault for cert-manager, which Vault's owner creates beforehand."""


class CertManagerSettings(Model):
    """cert-manager, which has istiod's requests signed. It serves the mesh alone, unless `install` is false."""

    install: Annotated[bool, Harmless("another cert-manager signs for the same Issuer")] = True
    """Install cert-manager. Set false if the cluster has one with the feature gate
    ExperimentalCertificateSigningRequestControllers enabled."""
    namespace: Annotated[NamespaceName, Helm("cert-manager", "global")] = "cert-manager"
    """Namespace of cert-manager."""
    service_account: Annotated[ServiceAccountName, Helm("cert-manager", "serviceAccount"), NAME] = cert_manager.CHART
    """Service account of cert-manager's controller."""
    charts: Annotated[ChartSource, Weaker(differs, "cert-manager's chart comes from another place")] = (
        cert_manager.REPOSITORY
    )
    """Chart repository of cert-manager, or a directory of packaged charts (NAME-VERSION.tgz)."""
    version: Annotated[ChartVersion, Harmless("a release of the same chart")] = cert_manager.VERSION
    """Version of the cert-manager chart."""
    resources: Annotated[ResourceProfile, Helm("cert-manager", "resources")] = profile("50m", "64Mi", "200m", "192Mi")
    """Requests and limits of cert-manager's one container."""
    address: Annotated[VaultAddress | None, Weaker(replaces, OTHER_VAULT)] = None
    """Vault's API as cert-manager's pod reaches it; by default the Service `vault` in `vault.namespace`, port 8200."""
    login: Annotated[VaultLogin, Harmless("Vault judges the login")] = VaultLogin()
    """Login of cert-manager to Vault."""
    values: ExtraValues = {}
    """Extra values of the cert-manager chart, merged last; they may not contradict a typed setting."""


Pem = Annotated[
    str, matching(r"-----BEGIN CERTIFICATE-----", 'certificates in PEM form ("-----BEGIN CERTIFICATE-----")')
]
Generation = Annotated[int, Field(ge=1, le=100_000)]

TOO_SHORT = 168
"""Longest lifetime, in hours, that is refused: a CA with 7 days left no longer signs
(`pi_mesh.certificates.chains`)."""
LONGEST = 2_562_047
"""Hours that Vault can count at most: it stores a lifetime in nanoseconds with 64 bits, which are 292 years."""


def _within_bounds(value: str) -> str:
    if int(value.removesuffix("h")) > LONGEST:
        raise ValueError(f"is more than {LONGEST}h, the most that Vault can count")
    if int(value.removesuffix("h")) <= TOO_SHORT:
        raise ValueError(f"is not more than {TOO_SHORT}h; the mesh refuses a CA with 7 days or less left")
    return value


Ttl = Annotated[
    str,
    matching(r"^[1-9][0-9]{0,6}h$", f'whole hours such as "8760h", at most {LONGEST}h'),
    AfterValidator(_within_bounds),
]


class SignedChain(Model):
    """The certificate chain that a CA outside Vault returned for a signing request."""

    generation: Generation
    """Generation whose request was signed; the mesh signs with this key until a newer chain is set."""
    chain: Pem
    """Signed certificate first, then each signer, the root last."""


class VaultSettings(Model):
    """The CA in Vault, to whose root the mesh's certificates chain.

    If disabled, nothing of Vault is imported, called or needed.
    """

    enabled: Annotated[bool, Weaker(OFF, "istiod signs with a root of its own")] = False
    """Sign the mesh's certificates with a CA from Vault."""
    stack: Annotated[
        Annotated[str, matching(r"^[^/\s]+/[^/\s]+/[^/\s]+$", "ORGANIZATION/PROJECT/STACK")] | None,
        Weaker(replaces, "another stack's CA signs the mesh's certificates"),
    ] = None
    """Stack that makes the CA, as ORGANIZATION/PROJECT/STACK; this stack then needs no access to Vault."""
    address: Annotated[VaultAddress | None, Weaker(replaces, OTHER_VAULT)] = None
    """Address of Vault's API for the user who runs Pulumi. The token is the secret `vaultToken`, or VAULT_TOKEN."""
    allow_http: Annotated[bool, Weaker(ON, "the token and the CA's key may cross the network in the clear")] = False
    """Allow an http:// address of Vault on another machine. The token and the CA's key then cross the network
    unencrypted."""
    ca_file: Annotated[
        Annotated[str, Field(min_length=1)] | None, Weaker(differs, "another CA may vouch for Vault's address")
    ] = None
    """Path of a PEM file, relative to the project's folder, with the CA of Vault's own TLS certificate."""
    namespace: NamespaceName = "vault"
    """Kubernetes namespace of Vault's Service; the URLs in issued certificates point to it."""
    mount: Annotated[MountPath, Weaker(differs, OTHER_CA)] = "pki_int"
    """Path of the PKI mount of the intermediate CA."""
    signed_by: Annotated[Literal["vault", "outside"], Weaker(differs, OTHER_CA)] = "vault"
    """Signer of the intermediate CA: the CA at `rootMount`, or a CA outside Vault that gets the request from the
    stack's outputs."""
    root_mount: Annotated[MountPath, Weaker(differs, OTHER_CA)] = "pki"
    """Path of the PKI mount of the signing CA, which its owner creates beforehand."""
    signed: Annotated[SignedChain | None, Weaker(replaces, OTHER_CA)] = None
    """Certificate chain that the CA outside Vault returned, for `signedBy: outside`."""
    common_name: Annotated[str, Field(min_length=1, max_length=64), NAME] = "Istio Intermediate CA"
    """Common name in the intermediate CA's certificate."""
    ttl: Annotated[Ttl, Weaker(is_longer, "a stolen CA is good for longer")] = "8760h"
    """Lifetime of the intermediate CA's certificate, in hours; it never outlives its signer."""
    generation: Annotated[Generation, Harmless("the same signer gives a new key")] = 1
    """Number of the CA's key and certificate; a higher number makes new ones. `rotate-ca` increases it."""
    key: Annotated[Literal["exported", "internal"], Weaker(becomes("exported"), "the CA's key leaves Vault")] = (
        "exported"
    )
    """Place of the CA's private key: handed to istiod once (exported), or kept in Vault, which then signs each
    certificate (internal)."""
    workload_role: Annotated[bool, Weaker(ON, "Vault signs any identity of the mesh outside of the cluster")] = False
    """Create the Vault PKI role `mesh-workload`, which signs any identity of the mesh, for workloads outside the
    cluster. A role for the one identity of such a workload is safer (docs/vault.md)."""
    cert_manager: CertManagerSettings = CertManagerSettings()
    """cert-manager, which carries istiod's requests to Vault, for `key: internal`."""
    also_trust: Annotated[tuple[Pem, ...], Weaker(grows, "one more root certificate is trusted")] = ()
    """Further roots that the mesh trusts while it changes from one root to another."""

    @property
    def here(self) -> bool:
        """Return True if this stack makes the CA itself."""
        return self.enabled and self.stack is None

    @property
    def signs(self) -> bool:
        """Return True if this CA signs the mesh's certificates; False until a CA outside Vault has signed it."""
        return self.enabled and (self.stack is not None or self.signed_by == "vault" or self.signed is not None)

    @property
    def external_signer(self) -> bool:
        """Return True if Vault signs each of the mesh's certificates, so that no key of the CA is in the cluster."""
        return self.signs and self.key == "internal"

    @property
    def service(self) -> str:
        """Return the address of Vault's API for pods."""
        return f"{str(self.address).partition(':')[0]}://vault.{self.namespace}.svc:8200"

    @property
    def ttl_hours(self) -> int:
        return int(self.ttl.removesuffix("h"))

    def plain_http(self) -> Iterator[tuple[str, str]]:
        """Yield the field and the address over which others can read the token, the CA's key or a login.

        Yields nothing if allowHttp permits such addresses.
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
            yield "needs one of address (this stack makes the CA) and stack (another stack makes it)"
        if self.signed and self.signed_by != "outside":
            yield "signed needs signedBy: outside; with signedBy: vault, Vault signs"
        if self.signed and self.signed.generation > self.generation:
            signed, own = self.signed.generation, self.generation
            yield f"signed.generation {signed} is above generation {own}, which has no request yet"
        if self.key == "internal" and self.stack:
            yield "key: internal needs address, because a CA from another stack comes with its key"
        if self.key == "internal" and self.also_trust:
            yield (
                "key: internal cannot change its root; set key: exported, follow the steps in "
                "docs/vault.md, then set key: internal again"
            )
