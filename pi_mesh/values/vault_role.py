"""Vault's role for what istiod has signed: the identities of workloads, and istiod's own names."""

from dataclasses import dataclass

from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import duration

ISTIOD = ("istiod", "istiod-remote", "istio-pilot")
"""Names that istiod asks a certificate for, whatever its version (pilot/pkg/bootstrap/server.go, getDNSNames)."""
DAY = 24 * 3600


@dataclass(frozen=True)
class SigningRole:
    """What Vault may sign, and for how long."""

    hosts: tuple[str, ...]
    longest: int
    """Seconds."""


def of(settings: Settings) -> SigningRole:
    """A day at least: so long istiod's own certificate lives."""
    life = int(duration(settings.mtls.certificate_lifetime).total_seconds())
    return SigningRole(tuple(f"{name}.{settings.istio.namespace}.svc" for name in ISTIOD), max(DAY, life))
