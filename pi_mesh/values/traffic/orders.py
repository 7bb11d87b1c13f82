"""VirtualServices that switch retries off for services that take orders."""

from collections.abc import Iterator

from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.names import full_name
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.istio_object import trading_object

ASKED_BY_CALLER = ("x-envoy-retry-on", "x-envoy-retry-grpc-on", "x-envoy-hedge-on-per-try-timeout")
"""Request headers by which a caller has Envoy repeat its request where the route has no retries. Up to Istio 1.24,
whose Envoy is older than 1.33, they count from every private address
(envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-envoy-internal)."""
NO_RETRIES: Object = {"retries": {"attempts": 0}, "headers": {"request": {"remove": list(ASKED_BY_CALLER)}}}
"""Fields of a rule whose requests no proxy repeats."""


def order_services(settings: Settings) -> dict[str, str]:
    """Return the services that take orders: their names in the settings by their full names."""
    declared = settings.traffic.services.items()
    return {full_name(name, settings.trading.namespace): name for name, one in declared if one.takes_orders}


def take_orders(settings: Settings, *services: str) -> bool:
    """Return True if one of the services takes orders."""
    names = order_services(settings)
    return bool(names) and any(full_name(one, settings.trading.namespace) in names for one in services)


def default_routes(settings: Settings) -> Iterator[Object]:
    """Yield a route for each service that takes orders and is no host of another route for callers in the mesh."""
    traffic, namespace = settings.traffic, settings.trading.namespace
    hosts = [host for route in traffic.routes.values() if not route.gateways for host in route.hosts]
    hosts += [canary.service for canary in traffic.canaries.values()]
    routed = {full_name(host, namespace) for host in hosts}
    for full, name in order_services(settings).items():
        if traffic.services[name].default_route and full not in routed:
            rule = {"route": [{"destination": {"host": name}}], **NO_RETRIES}
            yield trading_object(
                settings, "VirtualService", f"{name}-without-retries", {"hosts": [name], "http": [rule]}
            )
