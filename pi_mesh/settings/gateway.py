"""The ingress and egress gateways."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from pi_mesh.model.base import DrainSeconds, HelmValues, Model, NamespaceName, Replicas
from pi_mesh.model.resources import Autoscaling, ResourceProfile, profile
from pi_mesh.settings.revisions import RevisionName

NodePort = Annotated[int, Field(ge=30000, le=32767)]
ServiceType = Literal["auto", "LoadBalancer", "NodePort", "ClusterIP"]


class GatewayService(Model):
    """How a gateway is reached."""

    type: ServiceType = "auto"
    """`auto`: a LoadBalancer where the cluster has a provider of them, else NodePort: no vain wait for an address."""
    node_ports: dict[Literal["status-port", "http2", "https"], NodePort] = {}
    """Fixed node ports by port name; the cluster chooses the others."""

    def conflicts(self) -> Iterator[str]:
        if self.node_ports and self.type == "ClusterIP":
            yield "nodePorts need a service of type NodePort, LoadBalancer or auto"
        for port, count in Counter(self.node_ports.values()).items():
            if count > 1:
                yield f"nodePorts have {port} {count} times; a node has each port once"


class EgressService(GatewayService):
    """How the egress gateway is reached: from inside the cluster, unless asked otherwise."""

    type: ServiceType = "ClusterIP"
    """`auto` as for the ingress gateway; needed, or NodePort or LoadBalancer, where node ports are given."""


class GatewaySettings(Model):
    """One gateway: a Deployment of Envoy with a Service."""

    enabled: bool = True
    replicas: Replicas = 1
    """Two or more are kept apart, and one always stays up while nodes are drained."""
    drain_seconds: DrainSeconds = 20
    """Seconds that a stopping pod goes on serving. Longer than a new one needs until it is Ready, so that no request is
    lost when the node of the only one is drained."""
    resources: ResourceProfile = profile("100m", "128Mi", "500m", "256Mi")
    autoscaling: Autoscaling = Autoscaling()
    revision: RevisionName | None = None
    """Revision or tag of the istiod that injects its pods and leads them; the first one if not given."""
    service: GatewayService = GatewayService()
    values: HelmValues = {}
    """Extra values of the gateway chart, merged last; may not contradict a typed setting."""


class IngressSettings(GatewaySettings):
    """The ingress gateway: what is outside the cluster calls it."""

    namespace: NamespaceName | None = None
    """A namespace of the gateway's own, which the stack makes; by default the control plane's. With `tls` the gateway
    may read every Secret of its namespace. Only a gateway that is not installed yet can have another one."""


class EgressSettings(GatewaySettings):
    """The egress gateway: like the ingress, but nobody outside the cluster calls it."""

    # pyright minds that a field which may change has a narrower type; settings never change.
    service: EgressService = EgressService()  # pyright: ignore[reportIncompatibleVariableOverride]
