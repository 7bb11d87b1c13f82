"""Mesh-wide mutual TLS, the trading namespace, and what a destroy takes along."""

from typing import Annotated, Literal

from pydantic import Field

from settings.base import Model, NamespaceName
from settings.resources import ResourceProfile, profile


class MtlsSettings(Model):
    """Mutual TLS between all workloads."""

    mode: Literal["STRICT", "PERMISSIVE"] = "STRICT"
    certificate_lifetime: Annotated[str, Field(pattern=r"^[1-9][0-9]*[hm]$")] = "2h"
    """Life of a workload's certificate; proxies renew at half of it: hourly by default. At most istiod's 90 days."""


class TradingSettings(Model):
    """The trading platform's namespace."""

    namespace: NamespaceName = "trading"
    adopt: bool = False
    """Take over a namespace that is there already, and leave it at destroy."""
    workloads: Annotated[int, Field(ge=1, le=500)] = 30
    """Pods that the ResourceQuota admits, each with its sidecar."""
    workload: ResourceProfile = profile("50m", "128Mi", "500m", "256Mi")
    """What a container gets that names no resources (LimitRange), and what the quota counts per pod."""
    sidecar_scope: tuple[Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$")], ...] = ("./*", "istio-system/*")
    """Hosts that sidecars learn of, as NAMESPACE/HOST; the smaller, the less memory. Empty: the whole mesh."""


class DestroySettings(Model):
    """What `pulumi destroy` removes besides its own resources."""

    crds: bool = False
    """Also Istio's CRDs, and with them every Istio resource; refused while others' resources exist."""
    root_certificates: bool = False
    """Also the `istio-ca-root-cert` ConfigMap that istiod put into every namespace."""
