"""The part of the report that `proxies` fills, one entry for each proxy."""

from typing import Literal

from pydantic import BaseModel


class ProxyCertificate(BaseModel, frozen=True, extra="forbid"):
    """The certificate that a proxy shows to others."""

    chain: tuple[str, ...]
    """The certificate's identity, then its signer, and the signer of that one."""
    roots: tuple[str, ...]
    """The roots that the proxy trusts, each with the start of its fingerprint."""
    trusted: bool
    """True where the chain leads to one of these roots."""
    ends: str
    """End of the certificate, in UTC."""
    days: float
    """Days until the end; negative when the certificate has expired."""
    life: float
    """Days from the certificate's beginning to its end."""


class ProxyRow(BaseModel, frozen=True, extra="forbid"):
    """One running proxy."""

    proxy: str
    """NAMESPACE/NAME of its pod."""
    kind: Literal["sidecar", "gateway"]
    version: str
    """The proxy's version of Istio; empty where unknown."""
    behind: int | None
    """Minor versions by which the proxy is older than its control plane; null where one of the two is unknown."""
    connected: bool | None
    """True where a running istiod has a connection to the proxy; null where istiod could not be asked."""
    synced: bool | None
    """True where the proxy has acknowledged all configuration that istiod sent."""
    pending: tuple[str, ...]
    """Kinds of configuration that the proxy has not acknowledged."""
    certificate: ProxyCertificate | None
    """The proxy's certificate; null where it shows none."""
    older: tuple[str, ...]
    """Differences from the proxy that istiod would inject into the pod now."""
