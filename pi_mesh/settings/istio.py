"""istiod, the base chart and the sidecars."""

from typing import Annotated, Literal

from pydantic import Field

from pi_mesh.model.base import DrainSeconds, HelmValues, Model, NamespaceName, Replicas
from pi_mesh.model.resources import Autoscaling, ResourceProfile, profile
from pi_mesh.settings.revisions import CanarySettings, RevisionName
from pi_mesh.settings.versions import IstioVersion


class IstioSettings(Model):
    """The control plane."""

    version: IstioVersion
    allow_skip: bool = False
    """Take a change of version that Istio does not support, back or by more than one minor version, with a warning."""
    canary: CanarySettings | None = None
    """A second control plane beside this one; its resources and values are the same."""
    tags: dict[RevisionName, RevisionName] = {}
    """Revision tags, each with its revision: `default`, or the canary's. A namespace with the label istio.io/rev=TAG
    moves with its tag."""
    allow_removal: bool = False
    """Remove a revision that running proxies use, with a warning: they keep their configuration, and their certificates
    end."""
    namespace: NamespaceName = "istio-system"
    adopt: bool = False
    """Take over a namespace that is there already, and leave it at destroy."""
    pilot_replicas: Replicas = 1
    resources: ResourceProfile = profile("100m", "128Mi", "500m", "256Mi")
    autoscaling: Autoscaling = Autoscaling()
    values: HelmValues = {}
    """Extra values of the istiod chart, merged last; may not contradict a typed setting."""


class BaseSettings(Model):
    """The base chart: CRDs and the default validation webhook."""

    values: HelmValues = {}
    """Extra values of the base chart, merged last."""


class ProxySettings(Model):
    """Every sidecar."""

    resources: ResourceProfile = profile("50m", "128Mi", "200m", "256Mi")
    concurrency: Annotated[int, Field(ge=1, le=16)] = 2
    """Envoy's worker threads; each costs memory."""
    trace_sampling: Annotated[float, Field(ge=0, le=100)] = 1.0
    """Percent of requests that are traced."""
    outbound_traffic: Literal["ALLOW_ANY", "REGISTRY_ONLY"] = "ALLOW_ANY"
    """Whether a sidecar lets requests to hosts out that the mesh does not know."""
    path_normalization: Literal["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"] = (
        "DECODE_AND_MERGE_SLASHES"
    )
    """What a path is brought to before rules judge it and it is passed on. With BASE, Istio's own default, a rule for
    `/admin` does not hold for `//admin`."""
    drain_seconds: DrainSeconds = 5
    """Seconds that a stopping sidecar goes on serving what is under way."""
