"""Traffic of the workloads, all of it off by default. The keys of each map are the objects' names."""

from collections.abc import Iterator

from pi_mesh.model import Model
from pi_mesh.settings.traffic.authorization import Authorization, LegacyWorkloads
from pi_mesh.settings.traffic.external import DeclaredService, ExternalService
from pi_mesh.settings.traffic.gateways import IngressListener
from pi_mesh.settings.traffic.names import NamespacedItem, ObjectName
from pi_mesh.settings.traffic.routes import Canary, Destination, Route


class TrafficSettings(Model):
    """Routing, resilience and access of the workloads."""

    services: dict[ObjectName, DeclaredService] = {}
    """Services that routes may name although they do not exist in the cluster yet; nothing is created for them."""
    gateways: dict[ObjectName, IngressListener] = {}
    """Listeners of the ingress gateway, each a Gateway."""
    routes: dict[ObjectName, Route] = {}
    """Routes of requests to services, each a VirtualService."""
    canaries: dict[ObjectName, Canary] = {}
    """New versions of services beside old ones, each a VirtualService."""
    destinations: dict[ObjectName, Destination] = {}
    """Versions and circuit breakers of services, each a DestinationRule."""
    authorization: Authorization = Authorization()
    """Rules that allow or deny calls between workloads."""
    legacy: dict[ObjectName, LegacyWorkloads] = {}
    """Workloads that accept calls without mutual TLS, each a PeerAuthentication."""
    external: dict[ObjectName, ExternalService] = {}
    """Hosts outside the cluster, each a ServiceEntry."""

    def namespaced(self) -> Iterator[tuple[str, NamespacedItem]]:
        """Yield each setting whose object has a namespace, with its config key."""
        maps = {name: getattr(self, name) for name in type(self).model_fields if name != "authorization"}
        maps |= {f"authorization.{name}": getattr(self.authorization, name) for name in ("policies", "tokens")}
        for name, items in maps.items():
            yield from ((f"traffic.{name}.{key}", item) for key, item in items.items())
