"""VirtualService objects: routes of requests to services, and canaries."""

from collections.abc import Iterable

from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.destinations import Canary
from pi_mesh.settings.traffic.routes import HttpRoute, Route, RouteTarget
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.istio_object import given, item_object
from pi_mesh.values.traffic.orders import NO_RETRIES, take_orders
from pi_mesh.values.traffic.retries import retry_policy


def route(settings: Settings, name: str, wanted: Route) -> Object:
    rules = [_rule(settings, settings.namespace_of(wanted), rule) for rule in wanted.http]
    tls = [{"match": [{"sniHosts": list(wanted.hosts)}], "route": _targets(wanted.tls)}] if wanted.tls else []
    tcp = [{"route": _targets(wanted.tcp)}] if wanted.tcp else []
    gateways = [_gateway(settings, wanted, gateway) for gateway in wanted.gateways]
    spec = given(hosts=list(wanted.hosts), gateways=gateways, http=rules, tls=tls, tcp=tcp)
    return item_object(settings, wanted, "VirtualService", name, spec)


def _gateway(settings: Settings, wanted: Route, name: str) -> str:
    """Return the Gateway's name, and before it the namespace if that is not the route's."""
    home = settings.namespace_of(settings.traffic.gateways[name]) if name in settings.traffic.gateways else None
    return name if home in (None, settings.namespace_of(wanted)) else f"{home}/{name}"


def canary(settings: Settings, name: str, wanted: Canary) -> Object:
    """Return the VirtualService of a canary: paths before weights and longer paths first, as the first match counts."""
    longest_first = sorted(wanted.paths, key=lambda path: (-len(path), path))
    rules = [
        {"match": [{"uri": {"prefix": path}}], "route": [destination(wanted.service, subset=wanted.paths[path])]}
        for path in longest_first
    ]
    shares = [
        {**destination(wanted.service, subset=subset), "weight": weight} for subset, weight in wanted.weights.items()
    ]
    safe = NO_RETRIES if take_orders(settings, settings.namespace_of(wanted), wanted.service) else {}
    spec = {"hosts": [wanted.service], "http": [{**rule, **safe} for rule in (*rules, {"route": shares})]}
    return item_object(settings, wanted, "VirtualService", name, spec)


def destination(host: str, port: int | None = None, subset: str | None = None) -> Object:
    """Return a route's destination."""
    number = {"number": port} if port else None
    return {"destination": given(host=host, port=number, subset=subset)}


def _rule(settings: Settings, namespace: str, rule: HttpRoute) -> Object:
    safe = NO_RETRIES if take_orders(settings, namespace, *(target.service for target in rule.to)) else {}
    return (
        given(
            match=_matches(rule),
            rewrite={"uri": rule.rewrite} if rule.rewrite else None,
            route=_targets(rule.to),
            timeout=rule.timeout,
            retries=retry_policy(rule.retries) if rule.retries else None,
        )
        | safe
    )


def _matches(rule: HttpRoute) -> list[Object]:
    """Return the conditions, one for each method; one of them must hold."""
    uri = given(prefix=rule.prefix, exact=rule.exact)
    headers = {name: {"exact": value} for name, value in rule.headers.items()}
    of_method = [{"method": {"exact": method}} for method in rule.methods] or [{}]
    return [match for one in of_method if (match := given(uri=uri, headers=headers) | one)]


def _targets(targets: Iterable[RouteTarget]) -> list[Object]:
    return [_target(target) for target in targets]


def _target(target: RouteTarget) -> Object:
    reached = destination(target.service, target.port, target.subset)
    return reached if target.weight is None else {**reached, "weight": target.weight}
