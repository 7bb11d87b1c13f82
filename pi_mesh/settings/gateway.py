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
    """The Service of a gateway."""

    type: ServiceType = "auto"
    """Type of the Service. `auto` is LoadBalancer if the cluster has a load balancer that gives addresses, else
    NodePort."""
    node_ports: dict[Literal["status-port", "http2", "https"], NodePort] = {}
    """Fixed node ports by port name; the cluster chooses the others."""

    def conflicts(self) -> Iterator[str]:
        if self.node_ports and self.type == "ClusterIP":
            yield "nodePorts need a service of type NodePort, LoadBalancer or auto"
        for port, count in Counter(self.node_ports.values()).items():
            if count > 1:
                yield f"nodePorts have {port} {count} times; each port can be given once"


class EgressService(GatewayService):
    """The Service of the egress gateway, which by default is reached from inside the cluster only."""

    type: ServiceType = "ClusterIP"
    """Type of the Service; node ports need NodePort, LoadBalancer or `auto`, which works as for the ingress gateway."""


class GatewaySettings(Model):
    """One gateway: a Deployment of Envoy with a Service."""

    enabled: bool = True
    """Install the gateway."""
    replicas: Replicas = 1
    """Number of the gateway's pods. Two or more are spread over the nodes, and one stays up while nodes are drained."""
    drain_seconds: DrainSeconds = 20
    """Seconds that a stopping pod keeps serving. It must exceed the time until a new pod is Ready, so that no request
    is lost when the node of the only pod is drained."""
    resources: ResourceProfile = profile("100m", "128Mi", "500m", "256Mi")
    """Requests and limits of each pod of the gateway."""
    autoscaling: Autoscaling = Autoscaling()
    revision: RevisionName | None = None
    """Revision or tag of the istiod that injects and configures the gateway's pods; by default the first istiod."""
    service: GatewayService = GatewayService()
    """Service of the gateway."""
    values: HelmValues = {}
    """Extra values of the gateway chart, merged last; they may not contradict a typed setting."""


class IngressSettings(GatewaySettings):
    """The ingress gateway, through which clients outside the cluster call services in the mesh."""

    namespace: NamespaceName | None = None
    """Namespace of the gateway's own, which the stack creates; by default the control plane's namespace. With `tls` the
    gateway may read every Secret of its namespace. An installed gateway cannot change its namespace."""


class EgressSettings(GatewaySettings):
    """The egress gateway, through which workloads call hosts outside the cluster."""

    # pyright objects that a mutable field has a narrower type; settings never change.
    service: EgressService = EgressService()  # pyright: ignore[reportIncompatibleVariableOverride]
