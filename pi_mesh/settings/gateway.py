"""The ingress and egress gateways."""

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import Field

from pi_mesh.facts import ON, Harmless, Helm, NoHelm, Weaker, admits_more_addresses, leaves, loses, rises
from pi_mesh.model import (
    DrainSeconds,
    ExtraValues,
    ListenerDrainSeconds,
    Model,
    NamespaceName,
    Replicas,
    ResourceProfile,
    counted_in,
    matching,
    profile,
)
from pi_mesh.settings.istio import RevisionName
from pi_mesh.settings.scheduling import Autoscaling, Scheduling
from pi_mesh.settings.traffic.names import Address, LabelKey, LabelValue, read_by

PROXY_CONFIG = "podAnnotations.proxy.istio.io/config"
NodePort = Annotated[int, Field(ge=30000, le=32767)]
CLASS = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
ServiceType = Annotated[
    Literal["auto", "LoadBalancer", "NodePort", "ClusterIP"],
    Helm("gateway", "service.type"),
    Weaker(leaves("ClusterIP"), "clients outside the cluster may reach the gateway"),
]
PortName = Annotated[
    str,
    matching(
        r"^(status-port|http2|https|(http|http2|grpc|https|tls|tcp)-[1-9][0-9]{0,4})$",
        'status-port, http2 (port 80), https (port 443), or the port of a listener, such as "tcp-9000"',
    ),
]


IpAddress = Annotated[str, read_by(IPv4Address, "is not an IPv4 address")]
PLACE = Harmless("the Service is reached by the same clients at another address")


class GatewayService(Model):
    """The Service of a gateway."""

    type: ServiceType = "auto"
    """Type of the Service. `auto` is LoadBalancer if the cluster has a load balancer that gives addresses, else
    NodePort."""
    node_ports: Annotated[
        dict[PortName, NodePort], Helm("gateway", "service.ports"), Harmless("the cluster chooses the others")
    ] = {}
    """Fixed node ports by port name; the cluster chooses the others."""
    external_traffic_policy: Annotated[
        Literal["Cluster", "Local"] | None,
        Helm("gateway", "service.externalTrafficPolicy"),
        Harmless("with Cluster, rules by address refuse more: they see a node's"),
    ] = None
    """`Local` keeps the client's address, and only nodes with a pod of the gateway answer. With `Cluster`, Kubernetes'
    default, every node answers, and the gateway sees a node's address."""
    address: Annotated[
        IpAddress | None, Helm("gateway", "service.loadBalancerIP"), Helm("gateway", "service.annotations"), PLACE
    ] = None
    """Address that a LoadBalancer asks for; by default the provider chooses one."""
    address_by: Annotated[
        Literal["field", "MetalLB", "Cilium", "kube-vip"], NoHelm("it chooses the value of `address`"), PLACE
    ] = "field"
    """Form of the request for `address`: the field `loadBalancerIP`, deprecated by Kubernetes and read by all these
    providers, or the annotation of one of them."""
    load_balancer_class: Annotated[
        Annotated[str, matching(CLASS, 'a class such as "metallb.io/metallb"')] | None,
        Helm("gateway", "service.loadBalancerClass"),
        PLACE,
    ] = None
    """Class of the provider that serves a LoadBalancer, if there are several; from Istio 1.26 on. Kubernetes refuses to
    change it."""
    source_ranges: Annotated[
        tuple[Address, ...],
        Helm("gateway", "service.loadBalancerSourceRanges"),
        Weaker(admits_more_addresses, "more clients may use the gateway's address"),
    ] = ()
    """Addresses and CIDR ranges of the only clients that may use a LoadBalancer's address; its node ports stay open."""

    def conflicts(self) -> Iterator[str]:
        if self.type == "ClusterIP" and (self.node_ports or self.external_traffic_policy):
            key = "nodePorts need" if self.node_ports else "externalTrafficPolicy needs"
            yield f"{key} a service of type NodePort, LoadBalancer or auto"
        if self.type in ("ClusterIP", "NodePort") and self.asks_provider:
            yield f"{', '.join(self.asks_provider)}: only a service of type LoadBalancer or auto asks for an address"
        if self.address_by != "field" and self.address is None:
            yield "addressBy needs address"
        for port, count in Counter(self.node_ports.values()).items():
            if count > 1:
                yield f"nodePorts have {port} {count} times; each port can be given once"

    @property
    def asks_provider(self) -> tuple[str, ...]:
        """Return the keys that only a LoadBalancer has a use for."""
        keys = {
            "address": self.address,
            "loadBalancerClass": self.load_balancer_class,
            "sourceRanges": self.source_ranges,
        }
        return tuple(key for key, value in keys.items() if value)


class EgressService(GatewayService):
    """The Service of the egress gateway, which by default is reached from inside the cluster only."""

    type: ServiceType = "ClusterIP"
    """Type of the Service; node ports need NodePort, LoadBalancer or `auto`, which works as for the ingress gateway."""


class GatewaySettings(Model):
    """One gateway: a Deployment of Envoy with a Service."""

    enabled: Annotated[bool, NoHelm("it installs the release"), Harmless("a gateway less admits nobody")] = True
    """Install the gateway."""
    replicas: Annotated[
        Replicas,
        Helm("gateway", "replicaCount", restarts=False),
        Helm("gateway", "podDisruptionBudget", restarts=False),
        Helm("gateway", "topologySpreadConstraints"),
    ] = 1
    """Number of the gateway's pods. Two or more are spread over the nodes, and one stays up while nodes are drained."""
    drain_seconds: Annotated[
        DrainSeconds, Helm("gateway", PROXY_CONFIG), Helm("gateway", "terminationGracePeriodSeconds")
    ] = 20
    """Seconds that a stopping pod keeps serving. It must exceed the time until a new pod is Ready, so that no request
    is lost when the node of the only pod is drained."""
    max_drain_seconds: Annotated[
        Annotated[int, counted_in("seconds, such as 3600", ge=1, le=86400)] | None,
        Helm("gateway", PROXY_CONFIG),
        Helm("gateway", "terminationGracePeriodSeconds"),
        Harmless("a stopping gateway enforces the same rules"),
    ] = None
    """Let a stopping pod serve on after drainSeconds while a connection is open, for at most so many seconds; `pulumi
    destroy` and the drain of a node wait for it. By default it ends after drainSeconds."""
    listener_drain_seconds: Annotated[ListenerDrainSeconds | None, Helm("gateway", PROXY_CONFIG)] = None
    """Seconds after which a running gateway closes the connections of a listener that a change replaced; by default
    proxy.listenerDrainSeconds. A change restarts the gateway."""
    resources: Annotated[ResourceProfile, Helm("gateway", "resources")] = profile("100m", "128Mi", "500m", "256Mi")
    """Requests and limits of each pod of the gateway."""
    autoscaling: Autoscaling = Autoscaling()
    revision: Annotated[RevisionName | None, Helm("gateway", "revision")] = None
    """Revision or tag of the istiod that injects and configures the gateway's pods; by default the first istiod."""
    labels: Annotated[
        dict[LabelKey, LabelValue],
        Helm("gateway", "labels"),
        Weaker(loses, "policies that select the gateway's pods by such a label no longer apply to them"),
    ] = {}
    """Labels of the gateway's objects and pods. By default `app` is the release's name, and `istio`, by which Gateways
    select the pods, that name without `istio-`. A change restarts the gateway; Kubernetes refuses to change `app` and
    `istio` of an installed gateway, because its Deployment selects its pods by them."""
    service: GatewayService = GatewayService()
    """Service of the gateway."""
    scheduling: Scheduling = Scheduling()
    values: ExtraValues = {}
    """Extra values of the gateway chart, merged last; they may not contradict a typed setting."""

    @property
    def least_pods(self) -> int:
        return self.autoscaling.least(self.replicas)

    def conflicts(self) -> Iterator[str]:
        if self.max_drain_seconds is not None and self.max_drain_seconds < self.drain_seconds:
            yield f"maxDrainSeconds {self.max_drain_seconds} is below drainSeconds {self.drain_seconds}"


class IngressSettings(GatewaySettings):
    """The ingress gateway, through which clients outside the cluster call services in the mesh."""

    namespace: Annotated[NamespaceName | None, NoHelm("it is the release's namespace")] = None
    """Namespace of the gateway's own, which the stack creates; by default the control plane's namespace. With `tls` the
    gateway may read every Secret of its namespace. An installed gateway cannot change its namespace."""
    trusted_proxies: Annotated[
        int,
        Field(ge=0, le=10),
        Helm("gateway", PROXY_CONFIG),
        Weaker(rises, "clients may choose the address they have"),
    ] = 0
    """Number of proxies before the gateway whose X-Forwarded-For is believed: the client's address is the one that the
    first of them saw. A change restarts the gateway."""
    proxy_protocol: Annotated[
        bool,
        Helm("gateway", PROXY_CONFIG),
        Weaker(ON, "whoever speaks the PROXY protocol chooses the client's address"),
    ] = False
    """Take the client's address from the PROXY protocol, which the load balancer must then speak on every connection:
    all others are closed. A change restarts the gateway."""


class EgressSettings(GatewaySettings):
    """The egress gateway, through which workloads call hosts outside the cluster."""

    # pyright objects that a mutable field has a narrower type; settings never change.
    service: EgressService = EgressService()  # pyright: ignore[reportIncompatibleVariableOverride]
