"""VirtualService objects: routes of requests to services, and canaries."""

from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.destinations import Canary
from pi_mesh.settings.traffic.routes import HttpRoute, Route, RouteTarget
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.istio_object import given, item_object


def route(settings: Settings, name: str, wanted: Route) -> Object:
    rules = [_rule(rule) for rule in wanted.http]
    gateways = [_gateway(settings, wanted, gateway) for gateway in wanted.gateways]
    spec = given(hosts=list(wanted.hosts), gateways=gateways, http=rules)
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
    spec = {"hosts": [wanted.service], "http": [*rules, {"route": shares}]}
    return item_object(settings, wanted, "VirtualService", name, spec)


def destination(host: str, port: int | None = None, subset: str | None = None) -> Object:
    """Return a route's destination."""
    number = {"number": port} if port else None
    return {"destination": given(host=host, port=number, subset=subset)}


def _rule(rule: HttpRoute) -> Object:
    retries = rule.retries and given(
        attempts=rule.retries.attempts, perTryTimeout=rule.retries.per_try_timeout, retryOn=rule.retries.retry_on
    )
    match = _match(rule)
    return given(
        match=[match] if match else None,
        rewrite={"uri": rule.rewrite} if rule.rewrite else None,
        route=[_target(target) for target in rule.to],
        timeout=rule.timeout,
        retries=retries,
    )


def _match(rule: HttpRoute) -> Object:
    uri = given(prefix=rule.prefix, exact=rule.exact)
    headers = {name: {"exact": value} for name, value in rule.headers.items()}
    return given(uri=uri, headers=headers)


def _target(target: RouteTarget) -> Object:
    reached = destination(target.service, target.port, target.subset)
    return reached if target.weight is None else {**reached, "weight": target.weight}
