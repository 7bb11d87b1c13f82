"""VirtualServices that switch retries off for services that take orders."""

from collections.abc import Iterator

from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.names import full_name
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.istio_object import item_object

ASKED_BY_CALLER = ("x-envoy-retry-on", "x-envoy-retry-grpc-on", "x-envoy-hedge-on-per-try-timeout")
"""Request headers by which a caller has Envoy repeat its request where the route has no retries. Up to Istio 1.24,
whose Envoy is older than 1.33, they count from every private address
(envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-envoy-internal)."""
NO_RETRIES: Object = {"retries": {"attempts": 0}, "headers": {"request": {"remove": list(ASKED_BY_CALLER)}}}
"""Fields of a rule whose requests no proxy repeats."""


def order_services(settings: Settings) -> dict[str, str]:
    """Return the services that take orders: their names in the settings by their full names."""
    declared = settings.traffic.services.items()
    return {full_name(name, settings.namespace_of(one)): name for name, one in declared if one.takes_orders}


def take_orders(settings: Settings, namespace: str, *services: str) -> bool:
    """Return True if one of the services takes orders; `namespace` is that of the object which names them."""
    return any(_takes_orders(settings, full_name(one, namespace)) for one in services)


def _takes_orders(settings: Settings, full: str) -> bool:
    """Look at the two names alone under which the service may be declared: every route asks."""
    declared = settings.traffic.services
    names = {full, full.partition(".")[0]} & declared.keys()
    wanted = [(name, declared[name]) for name in names if declared[name].takes_orders]
    return any(full_name(name, settings.namespace_of(one)) == full for name, one in wanted)


def default_routes(settings: Settings, namespace: str) -> Iterator[Object]:
    """Yield a route for each of a namespace's services that take orders and have no other route for sidecars."""
    traffic, home = settings.traffic, settings.namespace_of
    routes = [one for one in traffic.routes.values() if not one.gateways]
    routed = {full_name(host, home(route)) for route in routes for host in route.hosts}
    routed |= {full_name(canary.service, home(canary)) for canary in traffic.canaries.values()}
    for full, name in order_services(settings).items():
        service = traffic.services[name]
        if home(service) == namespace and service.default_route and full not in routed:
            rule = {"route": [{"destination": {"host": name}}], **NO_RETRIES}
            spec = {"hosts": [name], "http": [rule]}
            yield item_object(settings, service, "VirtualService", f"{name}-without-retries", spec)
