"""Mesh-wide mutual TLS, the trading namespace, and what `pulumi destroy` removes besides the stack's resources."""

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
"""Bounds of a certificate's lifetime. A certificate must outlive a restart of istiod, and istiod refuses to sign one
above MAX_WORKLOAD_CERT_TTL."""


def duration(lifetime: str) -> timedelta:
    """Return the duration of a `Lifetime` such as "2h" or "90m"."""
    return timedelta(**{"hours" if lifetime.endswith("h") else "minutes": int(lifetime[:-1])})


def _within_bounds(value: str) -> str:
    if not SHORTEST <= duration(value) <= LONGEST:
        raise ValueError("is not between 10m and 2160h")
    return value


Lifetime = Annotated[
    str,
    matching(r"^[1-9][0-9]{0,6}[hm]$", 'whole hours or minutes such as "2h" or "90m", from 10m to 2160h'),
    AfterValidator(_within_bounds),
]


class MtlsSettings(Model):
    """Mutual TLS between all workloads."""

    mode: Literal["STRICT", "PERMISSIVE"] = "STRICT"
    """Mutual TLS mode of the whole mesh: STRICT refuses plain text, PERMISSIVE accepts it too."""
    certificate_lifetime: Lifetime = "2h"
    """Lifetime of a workload's certificate; proxies renew it at half of that time, hourly by default."""


ScopeHost = Annotated[str, matching(r"^[^/\s]+/[^/\s]+$", 'NAMESPACE/HOST such as "./*" or "monitoring/*"')]


class TradingBounds(Model):
    """Bounds on the workloads of the trading namespace, each of which can be turned off."""

    quota: bool = True
    """Create the ResourceQuota, which refuses pods beyond its sums."""
    limit_range: bool = True
    """Create the LimitRange, which gives containers without resources those of trading.workload. The quota needs it."""
    sidecar: bool = True
    """Create the Sidecar with the hosts of trading.sidecarScope, the only ones that proxies in the namespace learn
    of."""

    def conflicts(self) -> Iterator[str]:
        if self.quota and not self.limit_range:
            yield "limitRange is false, but a quota refuses pods without resources; set quota: false too"


class TradingSettings(Model):
    """The trading platform's namespace."""

    namespace: NamespaceName = "trading"
    """Namespace of the trading platform's workloads."""
    adopt: bool = False
    """Take over a namespace that already exists, and leave it in place on `pulumi destroy`."""
    revision: RevisionName | None = None
    """Revision or tag of the istiod that injects and configures the namespace's pods; by default the first istiod.
    Running pods follow when they restart, which `operations refresh` does."""
    workloads: Annotated[int, Field(ge=1, le=500)] = 30
    """Number of pods that the ResourceQuota admits, each with its sidecar."""
    workload: ResourceProfile = profile("50m", "128Mi", "500m", "256Mi")
    """Resources of a container that specifies none (LimitRange), and of each pod that the quota admits."""
    sidecar_scope: tuple[ScopeHost, ...] = ("./*",)
    """Hosts that sidecars learn of besides the control plane's, as NAMESPACE/HOST. A smaller scope needs less memory;
    an empty list is the whole mesh."""
    bounds: TradingBounds = TradingBounds()
    """Bounds on the namespace's workloads."""
    hours: TradingHours | None = None
    """Trading hours of the platform; without them any run may restart proxies at any time."""

    @property
    def is_scoped(self) -> bool:
        """Return True if a Sidecar limits the hosts that proxies learn of."""
        return self.bounds.sidecar and bool(self.sidecar_scope)


class DestroySettings(Model):
    """Objects that `pulumi destroy` removes besides the stack's own resources."""

    workloads: bool = False
    """Let `pulumi destroy` take other owners' workloads along: those in the stack's namespaces, and the sidecars
    elsewhere, which lose their istiod. Without it a destroy is refused while there are any. It needs a `pulumi up`."""
    crds: bool = False
    """Remove Istio's CRDs and with them every Istio resource; refused while resources of other owners exist."""
    root_certificates: bool = False
    """Remove the ConfigMap `istio-ca-root-cert` that istiod created in every namespace."""
