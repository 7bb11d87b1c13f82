"""The Secrets and Issuers of the ingress gateway's listeners, reduced to the fields that checks need."""

from dataclasses import dataclass

from pi_mesh.settings.traffic.gateways import CertificateIssuer


@dataclass(frozen=True)
class IngressSecret:
    """The Secret of a listener's certificate, without the key."""

    name: str
    there: bool = True
    elsewhere: tuple[str, ...] = ()
    """Other namespaces of the stack that have a Secret of this name, where the gateway does not look."""
    chain: str = ""
    """Certificate in PEM form, with those of its signers; empty if the Secret has none with a key."""
    fits: bool = True
    """True if the key is that of the certificate, or one of them cannot be read."""
    has_client_ca: bool = True
    unreadable: bool = False
    """True if the user may not read it."""


@dataclass(frozen=True)
class IngressCertificates:
    """Secrets and Issuers of the listeners' certificates, as the cluster has them."""

    secrets: tuple[IngressSecret, ...] = ()
    issuers: tuple[tuple[CertificateIssuer, str], ...] = ()
    """Issuers, each with the reason why it signs nothing; empty if it does."""
