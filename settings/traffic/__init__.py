"""Traffic of the trading namespace: all of it off unless asked for. Keys of each map are the objects' names."""

from settings.base import Model
from settings.traffic.authorization import Authorization, LegacyWorkloads
from settings.traffic.destinations import Canary, Destination
from settings.traffic.external import DeclaredService, ExternalService
from settings.traffic.gateways import IngressListener
from settings.traffic.names import ObjectName
from settings.traffic.routes import Route


class TrafficSettings(Model):
    """Routing, resilience and access in the trading namespace."""

    services: dict[ObjectName, DeclaredService] = {}
    """Services that routes may name though they are not in the cluster yet; makes nothing."""
    gateways: dict[ObjectName, IngressListener] = {}
    routes: dict[ObjectName, Route] = {}
    canaries: dict[ObjectName, Canary] = {}
    destinations: dict[ObjectName, Destination] = {}
    authorization: Authorization = Authorization()
    legacy: dict[ObjectName, LegacyWorkloads] = {}
    external: dict[ObjectName, ExternalService] = {}
