"""Traffic of the workloads, all of it off by default. The keys of each map are the objects' names."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pi_mesh.facts import Harmless, Helm, Weaker, grows, repeats_more, takes_fewer_orders
from pi_mesh.model import Model
from pi_mesh.settings.traffic.authorization import Authorization, LegacyWorkloads
from pi_mesh.settings.traffic.external import DeclaredService, ExternalService
from pi_mesh.settings.traffic.gateways import IngressListener
from pi_mesh.settings.traffic.names import NamespacedItem, ObjectName
from pi_mesh.settings.traffic.retries import REPEATED
from pi_mesh.settings.traffic.routes import Canary, Destination, Route

ROUTING = Harmless("access rules judge a request wherever it is sent; the comment shows the changed objects")


class TrafficSettings(Model):
    """Routing, resilience and access of the workloads."""

    api: Annotated[Literal["istio", "gateway"], ROUTING] = "istio"
    """API of the listeners and routes: `istio` for Gateway and VirtualService, `gateway` for the objects of Kubernetes'
    Gateway API, whose CRDs the cluster must have. Access rules, destinations and external hosts stay Istio's."""
    services: Annotated[dict[ObjectName, DeclaredService], Weaker(takes_fewer_orders, "proxies may repeat orders")] = {}
    """Services that routes may name although they do not exist in the cluster yet; nothing is created for them."""
    gateways: Annotated[
        dict[ObjectName, IngressListener], Helm("gateway", "rbac.enabled", yields=True, restarts=False)
    ] = {}
    """Listeners of the ingress gateway, each a Gateway."""
    routes: Annotated[dict[ObjectName, Route], Weaker(repeats_more, REPEATED)] = {}
    """Routes of requests to services, each a VirtualService."""
    canaries: Annotated[dict[ObjectName, Canary], ROUTING] = {}
    """New versions of services beside old ones, each a VirtualService."""
    destinations: Annotated[dict[ObjectName, Destination], ROUTING] = {}
    """Versions, circuit breakers, connections and sticky sessions of services, each a DestinationRule."""
    authorization: Authorization = Authorization()
    """Rules that allow or deny calls between workloads."""
    legacy: Annotated[dict[ObjectName, LegacyWorkloads], Weaker(grows, "more workloads accept plain text")] = {}
    """Workloads that accept calls without mutual TLS, each a PeerAuthentication."""
    external: Annotated[
        dict[ObjectName, ExternalService], Weaker(grows, "more hosts outside the mesh can be called")
    ] = {}
    """Hosts outside the cluster, each a ServiceEntry."""

    def namespaced(self) -> Iterator[tuple[str, NamespacedItem]]:
        """Yield each setting whose object has a namespace, with its config key."""
        maps = {name: getattr(self, name) for name in type(self).model_fields if name not in ("api", "authorization")}
        maps |= {f"authorization.{name}": getattr(self.authorization, name) for name in ("policies", "tokens")}
        for name, items in maps.items():
            yield from ((f"traffic.{name}.{key}", item) for key, item in items.items())
