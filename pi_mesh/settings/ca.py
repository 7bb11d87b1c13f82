"""The CA of a mesh without Vault, and further roots for a change from one root to another."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from pi_mesh.facts import Weaker, differs, grows
from pi_mesh.model import IssuerName, Model, SecretName
from pi_mesh.settings.vault import Pem, Ttl

OTHER_CA = Weaker(differs, "another CA may sign the mesh's certificates")
PRIVATE = "PRIVATE KEY"
"""Text in the first line of every private key in PEM form."""


class CaIssuerSettings(Model):
    """The cert-manager Issuer that signs the mesh's CA, of type `ca` or another that keeps one root."""

    name: IssuerName
    """Name of the Issuer."""
    kind: Literal["Issuer", "ClusterIssuer"] = "Issuer"
    """Kind of the Issuer; one of kind Issuer must be in `istio.namespace`."""
    common_name: Annotated[str, Field(min_length=1, max_length=64)] = "Istio Intermediate CA"
    """Common name in the CA's certificate."""
    ttl: Ttl = "8760h"
    """Lifetime of the CA's certificate, in hours. cert-manager renews it when a third is left, and the next `up` uses
    the new one."""


class CaSourceSettings(Model):
    """The CA that signs the mesh's certificates if Vault makes none."""

    source: Annotated[Literal["istiod", "pem", "secret", "issuer"], OTHER_CA] = "istiod"
    """Source of the CA: `istiod` makes a root itself; `pem` takes `chain` and the secret `caKey`; `secret` takes an
    existing Secret; `issuer` has cert-manager sign the CA."""
    chain: Annotated[Pem | None, OTHER_CA] = None
    """Certificate chain for `source: pem`: the CA's certificate first, then each signer, the root last."""
    secret: Annotated[SecretName | None, OTHER_CA] = None
    """Name of the Secret for `source: secret`, in istio.namespace, with Istio's file names or of type
    kubernetes.io/tls."""
    issuer: Annotated[CaIssuerSettings | None, OTHER_CA] = None
    """Issuer for `source: issuer`. With another source its Certificate is created but not used, so that `rotate-ca
    --root --issuer` can change to it."""
    also_trust: Annotated[tuple[Pem, ...], Weaker(grows, "one more root certificate is trusted")] = ()
    """Further roots that the mesh trusts while it changes from one root to another; `rotate-ca --root` writes them."""

    @property
    def plugged_in(self) -> bool:
        """Return True if istiod gets a plugged-in CA, which can be istiod's own if a further root is trusted."""
        return self.source != "istiod" or bool(self.also_trust)

    def conflicts(self) -> Iterator[str]:
        if self.source == "pem" and self.chain is None:
            yield "source: pem needs chain, with the CA's certificate first, the root last"
        if self.source == "secret" and self.secret is None:
            yield "source: secret needs secret, the name of the Secret in istio.namespace"
        if self.source == "issuer" and self.issuer is None:
            yield "source: issuer needs issuer, the name of cert-manager's Issuer that signs the CA"
        if any(PRIVATE in (text or "") for text in (self.chain, *self.also_trust)):
            yield (
                "contains a private key in plain text: remove it and replace the CA, because everyone who has seen "
                "the stack file knows its key; a key belongs in `pulumi config set --secret caKey`"
            )
