"""The CA of a mesh without Vault, and the further roots of a mesh that changes from one root to another."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from pi_mesh.model.base import Model
from pi_mesh.model.patterns import SecretName, matching
from pi_mesh.settings.vault import Pem, Ttl

NAME = r"^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$"
PRIVATE = "PRIVATE KEY"
"""What the first line of every private key in PEM form holds."""


class CaIssuerSettings(Model):
    """The Issuer of the cluster's cert-manager that signs the mesh's CA; its type is `ca` or another that keeps one
    root."""

    name: Annotated[str, matching(NAME, "the name of an Issuer: small letters, digits, inner dashes and dots")]
    kind: Literal["Issuer", "ClusterIssuer"] = "Issuer"
    """An Issuer is in `istio.namespace`."""
    common_name: Annotated[str, Field(min_length=1, max_length=64)] = "Istio Intermediate CA"
    ttl: Ttl = "8760h"
    """Life of the CA's certificate, in hours; cert-manager renews it when a third is left, and the next `up` takes the
    new one over."""


class CaSourceSettings(Model):
    """The CA that signs the mesh's certificates where Vault makes none."""

    source: Literal["istiod", "pem", "secret", "issuer"] = "istiod"
    """`istiod` makes a root itself; `pem` takes `chain` and the secret `caKey`; `secret` takes an existing Secret;
    `issuer` has cert-manager sign the CA."""
    chain: Pem | None = None
    """With `source: pem`, the CA's certificate first, then each one's signer, the root last."""
    secret: SecretName | None = None
    """With `source: secret`, a Secret in istio.namespace with Istio's file names or of type kubernetes.io/tls."""
    issuer: CaIssuerSettings | None = None
    """With `source: issuer`, who signs. With another source its Certificate is made, and nothing is signed with it, so
    that `rotate-ca --root --issuer` can change to it."""
    also_trust: tuple[Pem, ...] = ()
    """Further roots that the mesh trusts while it changes to another one; `rotate-ca --root` writes them."""

    @property
    def plugged_in(self) -> bool:
        """Whether istiod is given a CA: also its own one, where it is to hand out a further root with it."""
        return self.source != "istiod" or bool(self.also_trust)

    def conflicts(self) -> Iterator[str]:
        if self.source == "pem" and self.chain is None:
            yield "source: pem needs chain: the CA's certificate first, the root last"
        if self.source == "secret" and self.secret is None:
            yield "source: secret needs secret: the name of the Secret in istio.namespace"
        if self.source == "issuer" and self.issuer is None:
            yield "source: issuer needs issuer: the name of cert-manager's Issuer that signs the CA"
        if any(PRIVATE in (text or "") for text in (self.chain, *self.also_trust)):
            yield (
                "holds a private key in plain text: take it out, and have a CA with a new key made, for whoever saw "
                "the stack file has this one; a key belongs into `pulumi config set --secret caKey`"
            )
