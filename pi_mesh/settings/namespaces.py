"""Mesh-wide mutual TLS, the trading namespace, and what a destroy takes along."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pi_mesh.model.base import Model, NamespaceName
from pi_mesh.model.patterns import matching
from pi_mesh.model.resources import ResourceProfile, profile
from pi_mesh.settings.revisions import RevisionName
from pi_mesh.settings.trading_hours import TradingHours

SHORTEST, LONGEST = timedelta(minutes=10), timedelta(days=90)
"""A certificate must outlive a restart of istiod; longer ones istiod refuses to sign (MAX_WORKLOAD_CERT_TTL)."""


def duration(lifetime: str) -> timedelta:
    """What a `Lifetime` such as "2h" or "90m" says."""
    return timedelta(**{"hours" if lifetime.endswith("h") else "minutes": int(lifetime[:-1])})


def _within_bounds(value: str) -> str:
    if not SHORTEST <= duration(value) <= LONGEST:
        raise ValueError("is outside of 10m to 2160h")
    return value


Lifetime = Annotated[
    str,
    matching(r"^[1-9][0-9]{0,6}[hm]$", 'whole hours or minutes such as "2h" or "90m", from 10m to 2160h'),
    AfterValidator(_within_bounds),
]


class MtlsSettings(Model):
    """Mutual TLS between all workloads."""

    mode: Literal["STRICT", "PERMISSIVE"] = "STRICT"
    certificate_lifetime: Lifetime = "2h"
    """Life of a workload's certificate; proxies renew at half of it: hourly by default."""


ScopeHost = Annotated[str, matching(r"^[^/\s]+/[^/\s]+$", 'NAMESPACE/HOST such as "./*" or "monitoring/*"')]


class TradingBounds(Model):
    """What bounds the workloads of the trading namespace, each to be switched off where they can't live with it."""

    quota: bool = True
    """The ResourceQuota: pods beyond its sums are refused."""
    limit_range: bool = True
    """The LimitRange: containers that name no resources get those of trading.workload. The quota needs it."""
    sidecar: bool = True
    """The Sidecar of trading.sidecarScope: proxies learn of its hosts alone."""

    def conflicts(self) -> Iterator[str]:
        if self.quota and not self.limit_range:
            yield "limitRange is false, and a quota refuses pods that name no resources; set quota: false too"


class TradingSettings(Model):
    """The trading platform's namespace."""

    namespace: NamespaceName = "trading"
    adopt: bool = False
    """Take over a namespace that is there already, and leave it at destroy."""
    revision: RevisionName | None = None
    """Revision or tag of the istiod that injects its pods and leads them; the first one if not given. Running pods
    follow at their restart, which `operations refresh` does."""
    workloads: Annotated[int, Field(ge=1, le=500)] = 30
    """Pods that the ResourceQuota admits, each with its sidecar."""
    workload: ResourceProfile = profile("50m", "128Mi", "500m", "256Mi")
    """What a container gets that names no resources (LimitRange), and what the quota counts per pod."""
    sidecar_scope: tuple[ScopeHost, ...] = ("./*",)
    """Hosts that sidecars learn of besides the control plane's, as NAMESPACE/HOST; the smaller, the less memory. Empty:
    the whole mesh."""
    bounds: TradingBounds = TradingBounds()
    hours: TradingHours | None = None
    """When the platform trades; without them a run may restart proxies at any time."""

    @property
    def is_scoped(self) -> bool:
        """Return True where a Sidecar narrows what the proxies learn of."""
        return self.bounds.sidecar and bool(self.sidecar_scope)


class DestroySettings(Model):
    """What `pulumi destroy` removes besides its own resources."""

    crds: bool = False
    """Also Istio's CRDs, and with them every Istio resource; refused while others' resources exist."""
    root_certificates: bool = False
    """Also the `istio-ca-root-cert` ConfigMap that istiod put into every namespace."""
