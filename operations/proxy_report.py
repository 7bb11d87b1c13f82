"""What the report of `proxies` says of each of them."""

from typing import Literal

from pydantic import BaseModel


class ProxyCertificate(BaseModel, frozen=True, extra="forbid"):
    """The certificate that a proxy shows to others."""

    chain: tuple[str, ...]
    """Its identity, then who signed it, and who signed that."""
    roots: tuple[str, ...]
    """The roots that the proxy trusts, each with the start of its fingerprint."""
    trusted: bool
    """True where the chain leads to one of these roots."""
    ends: str
    """When it ends, in UTC."""
    days: float
    """Days that are left of it; negative when it has ended."""
    life: float
    """Days from its beginning to its end."""


class ProxyRow(BaseModel, frozen=True, extra="forbid"):
    """One running proxy."""

    proxy: str
    """NAMESPACE/NAME of its pod."""
    kind: Literal["sidecar", "gateway"]
    version: str
    """Its version of Istio; empty where nothing tells it."""
    behind: int | None
    """Minor versions that it is older than its control plane; null where one of both is not known."""
    connected: bool | None
    """True where a running istiod has a connection to it; null where istiod could not be asked."""
    synced: bool | None
    """True where it has acknowledged all configuration that istiod sent."""
    pending: tuple[str, ...]
    """Kinds of configuration that it has not acknowledged."""
    certificate: ProxyCertificate | None
    """Null where it shows none."""
    older: tuple[str, ...]
    """In what it differs from the proxy that its pod would get now."""
