"""Traffic of the trading namespace: all of it off unless asked for. Keys of each map are the objects' names."""

from pi_mesh.model.base import Model
from pi_mesh.settings.traffic.authorization import Authorization, LegacyWorkloads
from pi_mesh.settings.traffic.destinations import Canary, Destination
from pi_mesh.settings.traffic.external import DeclaredService, ExternalService
from pi_mesh.settings.traffic.gateways import IngressListener
from pi_mesh.settings.traffic.names import ObjectName
from pi_mesh.settings.traffic.routes import Route


class TrafficSettings(Model):
    """Routing, resilience and access in the trading namespace."""

    services: dict[ObjectName, DeclaredService] = {}
    """Services that routes may name though they are not in the cluster yet; makes nothing."""
    gateways: dict[ObjectName, IngressListener] = {}
    """What the ingress gateway listens to, a Gateway each."""
    routes: dict[ObjectName, Route] = {}
    """Which requests go where, a VirtualService each."""
    canaries: dict[ObjectName, Canary] = {}
    """New versions beside old ones, a VirtualService each."""
    destinations: dict[ObjectName, Destination] = {}
    """Versions and circuit breakers of services, a DestinationRule each."""
    authorization: Authorization = Authorization()
    """Who may call whom."""
    legacy: dict[ObjectName, LegacyWorkloads] = {}
    """Workloads that are called without mutual TLS, a PeerAuthentication each."""
    external: dict[ObjectName, ExternalService] = {}
    """Hosts outside the cluster, a ServiceEntry each."""
