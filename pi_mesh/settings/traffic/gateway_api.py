"""Limits of Gateway API's objects (`traffic.api: gateway`), and the parts of routes that they are made from."""

from collections.abc import Callable, Collection, Iterator, Mapping

from pi_mesh.catalog.istio import GATEWAY_API
from pi_mesh.settings.traffic.gateways import IngressListener
from pi_mesh.settings.traffic.names import IN_CLUSTER, full_name
from pi_mesh.settings.traffic.routes import HttpRoute, Route, RouteTarget

FIRST_MINORS = {kind: max(since, 24) for kind, (_, since, _) in GATEWAY_API.items()}
"""First minor version of Istio whose istiod reads the kind as v1 (istio.io/istio, pkg/config/schema/metadata.yaml), and
attaches a Gateway to a Service as here."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
MOST_RULES = 16  # of an HTTPRoute or GRPCRoute, by its CRD
PortOf = Callable[[RouteTarget, str], int | None]


def route_kinds(gateways: Mapping[str, IngressListener], route: Route) -> dict[str, tuple[object, ...]]:
    """Return the kinds of the route's objects, each with its rules. Rules for gateways that speak gRPC are gRPC's."""
    protocols = {gateways[name].protocol for name in route.gateways if name in gateways}
    http = "GRPCRoute" if protocols == {"GRPC"} else "HTTPRoute"
    rules = {http: route.http, "TCPRoute": route.tcp, "TLSRoute": route.tls}
    return {kind: some for kind, some in rules.items() if some}


def grpc_method(rule: HttpRoute) -> dict[str, str] | None:
    """Return the service and method that a path names, none for every path; None for a path that names no method."""
    names = (rule.exact or rule.prefix or "/").strip("/").split("/")
    if rule.exact:
        return {"service": names[0], "method": names[1]} if len(names) == 2 else None
    if names == [""]:
        return {}
    return {"service": names[0]} if len(names) == 1 else None


SUBSETS = "leads to subsets, which Gateway API does not know; make a Service for each version, with weights in a route"


def route_conflicts(route: Route, kinds: Collection[str], namespace: str, port_of: PortOf) -> Iterator[str]:
    """Yield the rest of a sentence, after the route's key, for each field that Gateway API does not have."""
    for host in [] if route.gateways else [host for host in route.hosts if not is_service(host, namespace)]:
        yield f".hosts has {host}; without gateways Gateway API routes Services of the route's namespace alone"
    if route.tls and ("*" in route.hosts or not route.gateways):
        yield ".tls needs gateways and hosts by name: a TLSRoute lists the server names that a Gateway passes on"
    if (count := sum(len(rule.methods) or 1 if rule.rewrite else 1 for rule in route.http)) > MOST_RULES:
        yield f".http makes {count} rules, and an HTTPRoute has at most {MOST_RULES}; split the route"
    for number, rule in enumerate(route.http):
        yield from (f".http[{number}]{sentence}" for sentence in _of_rule(rule, "GRPCRoute" in kinds))
        if any(_rank(later) > _rank(rule) for later in route.http[number + 1 :]):
            order = "exact paths, longer prefixes, rules with methods, more headers"
            yield f".http[{number}] is before a narrower rule, which Gateway API tries first; put first {order}"
    keys = {f".http[{number}].to": rule.to for number, rule in enumerate(route.http)}
    for key, targets in {**keys, ".tcp": route.tcp, ".tls": route.tls}.items():
        for place, target in enumerate(targets):
            if target.subset:
                yield f"{key}[{place}].subset {SUBSETS}"
            if port_of(target, namespace) is None:
                yield f"{key}[{place}] has no port, which Gateway API requires; give it"


def is_service(host: str, namespace: str) -> bool:
    """Return True for the short or full name of a Service of the namespace."""
    return full_name(host, namespace) == f"{host.partition('.')[0]}.{namespace}{IN_CLUSTER}"


def _of_rule(rule: HttpRoute, is_grpc: bool) -> Iterator[str]:
    if rule.retries:
        yield ".retries is no field of Gateway API's standard routes; set proxy.defaultRetries, or traffic.api: istio"
    for name in (*sorted({*rule.methods} - METHODS), *(name for name in rule.headers if name.startswith(":"))):
        yield f" matches by {name}, which Gateway API does not know; set traffic.api: istio"
    if is_grpc and (rule.timeout or rule.rewrite or rule.methods or grpc_method(rule) is None):
        has = "a GRPCRoute has no timeout, rewrite or methods, and the paths /SERVICE and /SERVICE/METHOD alone"
        yield f" is for a listener of protocol GRPC, and {has}; give the listener protocol HTTP2"


def _rank(rule: HttpRoute) -> tuple[bool, int, bool, int]:
    """Return the rule's place in the order in which Gateway API tries rules, the highest first."""
    path = rule.exact or (rule.prefix or "/").rstrip("/") or "/"
    return rule.exact is not None, len(path), bool(rule.methods), len(rule.headers)
