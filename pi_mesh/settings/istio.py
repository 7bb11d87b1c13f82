"""istiod with its versions and revisions, the base chart and the sidecars."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pi_mesh.catalog import istio
from pi_mesh.model import (
    Autoscaling,
    DrainSeconds,
    HelmValues,
    Model,
    NamespaceName,
    Replicas,
    ResourceProfile,
    matching,
    profile,
)
from pi_mesh.settings.traffic.routes import Retries


def _known_version(value: str) -> str:
    if istio.minor_of(value) < istio.OLDEST:
        raise ValueError(f"is older than 1.{istio.OLDEST}, the oldest supported version")
    return value


IstioVersion = Annotated[
    str,
    matching(r"^1\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$", 'an exact release such as "1.20.3" (no range, no "latest")'),
    AfterValidator(_known_version),
]


DEFAULT_REVISION = "default"
"""Istio's name for the revision of a control plane without one; the first one of a stack never has a revision."""

RevisionName = Annotated[
    str,
    matching(
        r"^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$",
        'a name such as "1-31-0": at most 40 small letters, digits and inner dashes',
    ),
]


class CanarySettings(Model):
    """A second control plane, to which namespaces and gateways move one by one."""

    version: IstioVersion
    """Istio version of the second control plane, up to two minor versions newer than istio.version. The base chart,
    with the CRDs, has the newer version of both."""
    revision: RevisionName
    """Name of the revision; its istiod is called istiod-REVISION."""

    def conflicts(self) -> Iterator[str]:
        if self.revision == DEFAULT_REVISION:
            yield f"revision is '{DEFAULT_REVISION}', the first control plane's; name it after its version, such as 1-31-0"


class DiscoverySettings(Model):
    """Namespaces that istiod watches."""

    limited: bool = False
    """Let istiod watch only the mesh's own namespaces, those of the workloads and `also`
    (meshConfig.discoverySelectors). istiod and the gateways then know no Services of other namespaces, and need less
    memory; since Istio 1.22 other namespaces get neither Istio's configuration nor the root certificate."""
    also: tuple[NamespaceName, ...] = ()
    """Further namespaces that istiod watches: those with sidecars, with Istio objects, or with Services that gateways
    or sidecars call."""

    def conflicts(self) -> Iterator[str]:
        if self.also and not self.limited:
            yield "also is given, and limited is false: istiod watches every namespace; remove one of them"


class IstioSettings(Model):
    """The control plane: istiod and its namespace."""

    version: IstioVersion
    """Istio version to install, for istiod, the gateways and the sidecars."""
    allow_skip: bool = False
    """Allow a version change that Istio does not support, a downgrade or more than one minor version, with a
    warning."""
    untested_kubernetes: bool = False
    """Allow `operations upgrade` to install a version that Istio does not test with a Kubernetes as new as the
    cluster's."""
    canary: CanarySettings | None = None
    """Second control plane beside this one, with the same resources and values."""
    tags: dict[RevisionName, RevisionName] = {}
    """Revision by revision tag: `default` or the canary's. A namespace with the label istio.io/rev=TAG follows its
    tag."""
    allow_removal: bool = False
    """Allow the removal of a revision that running proxies use, with a warning: they keep their configuration, and
    their certificates expire."""
    namespace: NamespaceName = "istio-system"
    """Namespace of istiod and, by default, of the gateways."""
    adopt: bool = False
    """Take over a namespace that already exists, and leave it in place on `pulumi destroy`."""
    discovery: DiscoverySettings = DiscoverySettings()
    """Namespaces that istiod watches; by default every one."""
    pilot_replicas: Replicas = 1
    """Number of istiod's pods."""
    resources: ResourceProfile = profile("100m", "128Mi", "500m", "256Mi")
    """Requests and limits of each pod of istiod."""
    autoscaling: Autoscaling = Autoscaling()
    """Autoscaling of istiod."""
    values: HelmValues = {}
    """Extra values of the istiod chart, merged last; they may not contradict a typed setting."""


class BaseSettings(Model):
    """The base chart, with Istio's CRDs and the default validation webhook."""

    values: HelmValues = {}
    """Extra values of the base chart, merged last; they may not contradict a typed setting."""


class ProxySettings(Model):
    """The proxies in workloads' pods (sidecars)."""

    resources: ResourceProfile = profile("50m", "128Mi", "200m", "256Mi")
    """Requests and limits of each sidecar."""
    concurrency: Annotated[int, Field(ge=1, le=16)] = 2
    """Number of Envoy's worker threads; each thread costs memory."""
    trace_sampling: Annotated[float, Field(ge=0, le=100)] = 1.0
    """Percentage of requests that are traced."""
    outbound_traffic: Literal["ALLOW_ANY", "REGISTRY_ONLY"] = "ALLOW_ANY"
    """Policy for requests to hosts that the mesh does not know: sidecars pass them on (ALLOW_ANY) or refuse them
    (REGISTRY_ONLY)."""
    path_normalization: Literal["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"] = (
        "DECODE_AND_MERGE_SLASHES"
    )
    """Normalization of a request's path before rules judge it and it is passed on. With BASE, Istio's own default, a
    rule for `/admin` does not apply to `//admin`."""
    default_retries: Retries = Retries(attempts=2)
    """Retries of requests whose route has none of its own; by default two, of requests that were never processed."""
    hold_application_until_proxy_starts: bool = True
    """Start the containers of a pod only when its sidecar is ready, so that their first calls are not lost."""
    native_sidecars: bool | None = None
    """Run sidecars as Kubernetes' native sidecars, which start before the pod's containers and stop after them. By
    default Istio decides: from 1.27 on, where every kubelet is 1.33 or newer."""
    drain_seconds: DrainSeconds = 5
    """Seconds that a stopping sidecar keeps serving requests that are under way."""
