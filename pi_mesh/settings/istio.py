"""istiod with its versions and revisions, the base chart and the sidecars."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pi_mesh.catalog import istio
from pi_mesh.facts import EVERY, NAME, OFF, ON, SIZE, Harmless, Helm, NoHelm, Weaker, becomes, falls
from pi_mesh.model import (
    DrainSeconds,
    ExtraValues,
    ListenerDrainSeconds,
    Model,
    NamespaceName,
    Replicas,
    ResourceProfile,
    matching,
    profile,
)
from pi_mesh.settings.scheduling import Autoscaling, Scheduling
from pi_mesh.settings.traffic.retries import Retries


def _known_version(value: str) -> str:
    if istio.minor_of(value) < istio.OLDEST_MINOR:
        raise ValueError(f"is older than 1.{istio.OLDEST_MINOR}, the oldest supported version")
    return value


IstioVersion = Annotated[
    str,
    matching(
        r"^1\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$",
        f'an exact release such as "{istio.NEWEST}" (no v, no range, no "latest")',
    ),
    AfterValidator(_known_version),
    Harmless("each supported version enforces the same; another one is shown among the releases"),
]


DEFAULT_REVISION = "default"
"""Istio's name for the revision of a control plane without one; the first one of a stack never has a revision."""

RevisionName = Annotated[
    str,
    matching(
        r"^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$",
        'a name such as "1-31-0": at most 40 small letters, digits and inner dashes',
    ),
    NAME,
]


class CanarySettings(Model):
    """A second control plane, to which namespaces and gateways move one by one."""

    version: Annotated[IstioVersion, NoHelm("of the second release, whose keys are those of the first")]
    """Istio version of the second control plane, up to two minor versions newer than istio.version. The base chart,
    with the CRDs, has the newer version of both."""
    revision: Annotated[RevisionName, Helm("istiod", "revision")]
    """Name of the revision; its istiod is called istiod-REVISION."""

    def conflicts(self) -> Iterator[str]:
        if self.revision == DEFAULT_REVISION:
            yield (
                f"revision is '{DEFAULT_REVISION}', the first control plane's; "
                "name it after its version, such as 1-31-0"
            )


WATCHED = Harmless("a namespace that istiod does not watch has no sidecars of the mesh")


class DiscoverySettings(Model):
    """Namespaces that istiod watches."""

    limited: Annotated[bool, WATCHED] = False
    """Let istiod watch only the mesh's own namespaces, those of the workloads and `also`
    (meshConfig.discoverySelectors). istiod and the gateways then know no Services of other namespaces, and need less
    memory; since Istio 1.22 other namespaces get neither Istio's configuration nor the root certificate."""
    also: Annotated[tuple[NamespaceName, ...], WATCHED] = ()
    """Further namespaces that istiod watches: those with sidecars, with Istio objects, or with Services that gateways
    or sidecars call."""

    def conflicts(self) -> Iterator[str]:
        if self.also and not self.limited:
            yield "also is given, and limited is false: istiod watches every namespace; remove one of them"


CHECKED = NoHelm("it decides what a check refuses")


class IstioSettings(Model):
    """The control plane: istiod and its namespace."""

    version: Annotated[IstioVersion, Helm("istiod", "global.tag")]
    """Istio version to install, for istiod, the gateways and the sidecars."""
    allow_skip: Annotated[bool, CHECKED, Weaker(ON, "version changes that Istio does not support are accepted")] = False
    """Allow a version change that Istio does not support, a downgrade or more than one minor version, with a
    warning."""
    untested_kubernetes: Annotated[
        bool, CHECKED, Weaker(ON, "versions that Istio does not test with this Kubernetes are accepted")
    ] = False
    """Allow `operations upgrade` to install a version that Istio does not test with a Kubernetes as new as the
    cluster's."""
    canary: CanarySettings | None = None
    """Second control plane beside this one, with the same resources and values."""
    tags: Annotated[
        dict[RevisionName, RevisionName], NoHelm("webhook configurations, objects of the program's own"), NAME
    ] = {}
    """Revision by revision tag: `default` or the canary's. A namespace with the label istio.io/rev=TAG follows its
    tag."""
    allow_removal: Annotated[bool, CHECKED, Weaker(ON, "a control plane that running proxies use may be removed")] = (
        False
    )
    """Allow the removal of a revision that running proxies use, with a warning: they keep their configuration, and
    their certificates expire."""
    namespace: Annotated[NamespaceName, Helm(EVERY, "global.istioNamespace")] = "istio-system"
    """Namespace of istiod and, by default, of the gateways."""
    adopt: Annotated[bool, CHECKED, Weaker(ON, "a namespace that this stack did not create is adopted")] = False
    """Take over a namespace that already exists, and leave it in place on `pulumi destroy`."""
    discovery: Annotated[DiscoverySettings, Helm("istiod", "meshConfig.discoverySelectors")] = DiscoverySettings()
    """Namespaces that istiod watches; by default every one."""
    pilot_replicas: Annotated[
        Replicas,
        Helm("istiod", "pilot.replicaCount", restarts=False),
        Helm("istiod", "pilot.topologySpreadConstraints"),
        Helm("istiod", "global.defaultPodDisruptionBudget.enabled", yields=True, restarts=False),
    ] = 1
    """Number of istiod's pods."""
    resources: Annotated[ResourceProfile, Helm("istiod", "pilot.resources")] = profile("100m", "128Mi", "500m", "256Mi")
    """Requests and limits of each pod of istiod."""
    autoscaling: Autoscaling = Autoscaling()
    """Autoscaling of istiod."""
    scheduling: Scheduling = Scheduling()
    values: ExtraValues = {}
    """Extra values of the istiod chart, merged last; they may not contradict a typed setting."""

    @property
    def least_pods(self) -> int:
        return self.autoscaling.least(self.pilot_replicas)


class BaseSettings(Model):
    """The base chart, with Istio's CRDs and the default validation webhook."""

    values: ExtraValues = {}
    """Extra values of the base chart, merged last; they may not contradict a typed setting."""


METADATA = "meshConfig.defaultConfig.proxyMetadata"


class ProxySettings(Model):
    """The proxies in workloads' pods (sidecars)."""

    resources: Annotated[ResourceProfile, Helm("istiod", "global.proxy.resources")] = profile(
        "50m", "128Mi", "200m", "256Mi"
    )
    """Requests and limits of each sidecar."""
    concurrency: Annotated[int, Field(ge=1, le=16), Helm("istiod", "meshConfig.defaultConfig.concurrency"), SIZE] = 2
    """Number of Envoy's worker threads; each thread costs memory."""
    trace_sampling: Annotated[
        float,
        Field(ge=0, le=100),
        Helm("istiod", "pilot.traceSampling"),
        Helm("istiod", "pilot.env.PILOT_TRACE_SAMPLING", yields=True),
        Harmless("traces protect nothing"),
    ] = 1.0
    """Percentage of requests that are traced."""
    outbound_traffic: Annotated[
        Literal["ALLOW_ANY", "REGISTRY_ONLY"],
        Helm("istiod", "meshConfig.outboundTrafficPolicy.mode"),
        Weaker(becomes("ALLOW_ANY"), "workloads may call any host"),
    ] = "ALLOW_ANY"
    """Policy for requests to hosts that the mesh does not know: sidecars pass them on (ALLOW_ANY) or refuse them
    (REGISTRY_ONLY)."""
    egress_audit: Annotated[bool, NoHelm("a Telemetry in each namespace of workloads"), Harmless("it only logs")] = (
        False
    )
    """Log the calls to hosts that the mesh does not know, with host or address and port: `operations learn egress`
    proposes entries of `traffic.external` for them. `outboundTraffic: REGISTRY_ONLY` is the step after it."""
    dns_capture: Annotated[
        bool,
        Helm("istiod", f"{METADATA}.ISTIO_META_DNS_CAPTURE"),
        Helm("istiod", f"{METADATA}.ISTIO_META_DNS_AUTO_ALLOCATE"),
        Harmless("names lead to the same hosts"),
    ] = False
    """Let sidecars answer the DNS queries of their pods, with an address of its own for each host of
    `traffic.external` that has none given. TCP hosts on one port are then told apart by name, whatever addresses they
    have. Pods have it from their creation on."""
    path_normalization: Annotated[
        Literal["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"],
        Helm("istiod", "meshConfig.pathNormalization.normalization", yields=True, reserved=True),
        Weaker(
            falls("NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"),
            "a rule for a path no longer applies to its other spellings",
        ),
    ] = "DECODE_AND_MERGE_SLASHES"
    """Normalization of a request's path before rules judge it and it is passed on. With BASE, Istio's own default, a
    rule for `/admin` does not apply to `//admin`."""
    default_retries: Annotated[
        Retries, Helm("istiod", "meshConfig.defaultHttpRetryPolicy", yields=True, reserved=True)
    ] = Retries(attempts=2)
    """Retries of requests whose route has none of its own; by default two, of requests that were never processed."""
    hold_application_until_proxy_starts: Annotated[
        bool,
        Helm("istiod", "meshConfig.defaultConfig.holdApplicationUntilProxyStarts", yields=True, reserved=True),
        Weaker(OFF, "the first calls of a pod may be lost"),
    ] = True
    """Start the containers of a pod only when its sidecar is ready, so that their first calls are not lost."""
    native_sidecars: Annotated[
        bool | None,
        Helm("istiod", "pilot.env.ENABLE_NATIVE_SIDECARS"),
        Harmless("the sidecar does the same in either kind of container"),
    ] = None
    """Run sidecars as Kubernetes' native sidecars, which start before the pod's containers and stop after them. By
    default Istio decides: from 1.27 on, where every kubelet is 1.33 or newer."""
    drain_seconds: Annotated[DrainSeconds, Helm("istiod", "meshConfig.defaultConfig.terminationDrainDuration")] = 5
    """Seconds that a stopping sidecar keeps serving requests that are under way."""
    exit_when_idle: Annotated[
        bool,
        Helm("istiod", f"{METADATA}.EXIT_ON_ZERO_ACTIVE_CONNECTIONS"),
        Helm("istiod", f"{METADATA}.MINIMUM_DRAIN_DURATION"),
        Harmless("a stopping sidecar enforces the same rules"),
    ] = False
    """Let a stopping sidecar serve until no connection is open, for drainSeconds at least and for the pod's
    terminationGracePeriodSeconds at most. Native sidecars outlast the application in any case."""
    listener_drain_seconds: Annotated[
        ListenerDrainSeconds | None, Helm("istiod", "meshConfig.defaultConfig.drainDuration")
    ] = None
    """Seconds after which a running proxy closes the connections of a listener that a change replaced, such as a new
    access rule; by default Istio's 45. Until then they obey the old rules, and the proxy keeps the old configuration
    in memory. Pods have the value from their creation on. More than 3600 needs Istio 1.22."""
