"""VirtualServices and DestinationRules: routes, retries, canaries, circuit breakers, services that take orders."""

from collections.abc import Iterable, Iterator

from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.names import full_name
from pi_mesh.settings.traffic.retries import Retries
from pi_mesh.settings.traffic.routes import Canary, Connections, Destination, HttpRoute, Route, RouteTarget
from pi_mesh.values.objects import Object, given, item_object


def retry_policy(retries: Retries) -> Object:
    """Return the policy; Istio refuses conditions beside zero attempts."""
    conditions = retries.conditions if retries.attempts else None
    return given(attempts=retries.attempts, perTryTimeout=retries.per_try_timeout, retryOn=conditions)


ASKED_BY_CALLER = ("x-envoy-retry-on", "x-envoy-retry-grpc-on", "x-envoy-hedge-on-per-try-timeout")
"""Request headers by which a caller has Envoy repeat its request where the route has no retries. Up to Istio 1.24,
whose Envoy is older than 1.33, they count from every private address
(envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-envoy-internal)."""
NO_RETRIES: Object = {"retries": {"attempts": 0}, "headers": {"request": {"remove": list(ASKED_BY_CALLER)}}}
"""Fields of a rule whose requests no proxy repeats."""


def order_services(settings: Settings) -> dict[str, str]:
    """Return the services that take orders: their names in the settings by their full names."""
    declared = settings.traffic.services.items()
    return {full_name(name, settings.namespace_of(service)): name for name, service in declared if service.takes_orders}


def take_orders(settings: Settings, namespace: str, *services: str) -> bool:
    """Return True if one of the services takes orders; `namespace` is that of the object which names them."""
    return any(_takes_orders(settings, full_name(service, namespace)) for service in services)


def _takes_orders(settings: Settings, full: str) -> bool:
    """Look at the two names alone under which the service may be declared: every route asks."""
    declared = settings.traffic.services
    names = {full, full.partition(".")[0]} & declared.keys()
    orders = [(name, declared[name]) for name in names if declared[name].takes_orders]
    return any(full_name(name, settings.namespace_of(service)) == full for name, service in orders)


def default_routes(settings: Settings, namespace: str) -> Iterator[Object]:
    """Yield a route for each of a namespace's services that take orders and have no other route for sidecars."""
    traffic, home = settings.traffic, settings.namespace_of
    routes = [route for route in traffic.routes.values() if not route.gateways]
    routed = {full_name(host, home(route)) for route in routes for host in route.hosts}
    routed |= {full_name(canary.service, home(canary)) for canary in traffic.canaries.values()}
    for full, name in order_services(settings).items():
        service = traffic.services[name]
        if home(service) == namespace and service.default_route and full not in routed:
            rule = {"route": [{"destination": {"host": name}}], **NO_RETRIES}
            spec = {"hosts": [name], "http": [rule]}
            yield item_object(settings, service, "VirtualService", f"{name}-without-retries", spec)


def route(settings: Settings, name: str, item: Route) -> Object:
    rules = [_rule(settings, settings.namespace_of(item), rule) for rule in item.http]
    tls = [{"match": [{"sniHosts": list(item.hosts)}], "route": _targets(item.tls)}] if item.tls else []
    tcp = [{"route": _targets(item.tcp)}] if item.tcp else []
    gateways = [_gateway(settings, item, gateway) for gateway in item.gateways]
    spec = given(hosts=list(item.hosts), gateways=gateways, http=rules, tls=tls, tcp=tcp)
    return item_object(settings, item, "VirtualService", name, spec)


def _gateway(settings: Settings, item: Route, name: str) -> str:
    """Return the Gateway's name, and before it the namespace if that is not the route's."""
    home = settings.namespace_of(settings.traffic.gateways[name]) if name in settings.traffic.gateways else None
    return name if home in (None, settings.namespace_of(item)) else f"{home}/{name}"


def canary(settings: Settings, name: str, item: Canary) -> Object:
    """Return the VirtualService of a canary: paths before weights and longer paths first, as the first match counts."""
    longest_first = sorted(item.paths, key=lambda path: (-len(path), path))
    rules = [
        {"match": [{"uri": {"prefix": path}}], "route": [destination(item.service, subset=item.paths[path])]}
        for path in longest_first
    ]
    shares = [{**destination(item.service, subset=subset), "weight": weight} for subset, weight in item.weights.items()]
    safe = NO_RETRIES if take_orders(settings, settings.namespace_of(item), item.service) else {}
    spec = {"hosts": [item.service], "http": [{**rule, **safe} for rule in (*rules, {"route": shares})]}
    return item_object(settings, item, "VirtualService", name, spec)


def destination(host: str, port: int | None = None, subset: str | None = None) -> Object:
    number = {"number": port} if port else None
    return {"destination": given(host=host, port=number, subset=subset)}


def _rule(settings: Settings, namespace: str, rule: HttpRoute) -> Object:
    safe = NO_RETRIES if take_orders(settings, namespace, *(target.service for target in rule.to)) else {}
    fields = given(
        match=_matches(rule),
        rewrite={"uri": rule.rewrite} if rule.rewrite else None,
        route=_targets(rule.to),
        timeout=rule.timeout,
        retries=retry_policy(rule.retries) if rule.retries else None,
    )
    return fields | safe


def _matches(rule: HttpRoute) -> list[Object]:
    """Return the conditions, one for each method; one of them must hold."""
    uri = given(prefix=rule.prefix, exact=rule.exact)
    headers = {name: {"exact": value} for name, value in rule.headers.items()}
    of_method = [{"method": {"exact": method}} for method in rule.methods] or [{}]
    return [match for method in of_method if (match := given(uri=uri, headers=headers) | method)]


def _targets(targets: Iterable[RouteTarget]) -> list[Object]:
    return [destination(target.service, target.port, target.subset) | given(weight=target.weight) for target in targets]


def destination_rule(settings: Settings, name: str, item: Destination) -> Object:
    subsets = [{"name": subset, "labels": labels} for subset, labels in item.subsets.items()]
    spec = given(host=item.service, trafficPolicy=_traffic_policy(item), subsets=subsets)
    return item_object(settings, item, "DestinationRule", name, spec)


def _traffic_policy(item: Destination) -> Object:
    breaker, bounds, sticky = item.circuit_breaker, item.connections or Connections(), item.sticky
    tcp = given(
        maxConnections=breaker and breaker.max_connections,
        connectTimeout=bounds.connect_timeout,
        tcpKeepalive=bounds.tcp_keepalive and bounds.tcp_keepalive.model_dump(),
        idleTimeout=bounds.tcp_idle_timeout,
        maxConnectionDuration=bounds.max_connection_duration,
    )
    http = given(
        http1MaxPendingRequests=breaker and breaker.max_pending_requests,
        http2MaxRequests=bounds.http2_max_requests,
        maxRequestsPerConnection=breaker and breaker.max_requests_per_connection,
        maxConcurrentStreams=bounds.max_concurrent_streams,
        idleTimeout=bounds.http_idle_timeout,
    )
    outliers = breaker and given(
        consecutive5xxErrors=breaker.consecutive_errors,
        interval=breaker.interval,
        baseEjectionTime=breaker.ejection_time,
        maxEjectionPercent=breaker.max_ejection_percent,
    )
    hashed = sticky and given(
        httpHeaderName=sticky.header,
        httpCookie=sticky.cookie and given(name=sticky.cookie.name, ttl=sticky.cookie.ttl),
        useSourceIp=sticky.source_address or None,
    )
    # Near pods, which outlierDetection would make callers prefer, differ by caller; the hash must mean one pod to all.
    balancer = hashed and {"consistentHash": hashed, "localityLbSetting": {"enabled": False}}
    return given(connectionPool=given(tcp=tcp, http=http), outlierDetection=outliers, loadBalancer=balancer)
