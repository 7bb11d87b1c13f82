"""Routes of requests in the whole cluster, whoever wrote them, reduced to what can repeat, copy or fail a request."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from pi_mesh.cluster import policies
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.policies import Policy
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.names import full_name

API_ROUTES = ("HTTPRoute", "GRPCRoute")
ROUTE_KINDS = ("VirtualService", *API_ROUTES)
"""Kinds of objects that route requests; those of the Gateway API are in every snapshot."""
MESH = "mesh"
"""Name that stands for the sidecars in a VirtualService's `gateways`."""
USUAL_RETRIES = 2
"""Retries of an HTTPRoute that names no number (istio.io/istio, pilot/pkg/config/kube/gateway/conversion.go)."""


@dataclass(frozen=True)
class Rule:
    targets: tuple[str, ...] = ()
    """Full names of the hosts that get the requests."""
    mirrors: tuple[str, ...] = ()
    """Full names of the hosts that get a copy of them."""
    retries: int | None = None
    """Number of retries; None if the rule leaves them to the mesh config."""
    fault: bool = False
    """True if the rule delays or aborts requests."""


def with_routes(snapshot: Snapshot, settings: Settings) -> Snapshot:
    """Return the snapshot with all routes, if a service of the settings takes orders. Raises as `Client` does."""
    if not any(service.takes_orders for service in settings.traffic.services.values()):
        return snapshot
    with Client(settings.cluster.context) as client, ThreadPoolExecutor(max_workers=5) as pool:
        of_istio, unreadable = policies.listed(client, {"networking.istio.io": ("VirtualService",)}, pool)
    unreadable += API_ROUTES if snapshot.gateway_api is None else ()
    of_api = [entry for entry in snapshot.gateway_api or () if entry.kind in API_ROUTES]
    return replace(snapshot, routes=(*of_istio, *of_api), unreadable=(*snapshot.unreadable, *unreadable))


def rules(route: Policy, others: Iterable[Policy]) -> Iterator[Rule]:
    """Yield the rules of a route; `others` has the VirtualServices to which it may delegate."""
    if route.kind != "VirtualService":
        yield from (_of_gateway_api(rule, route.namespace) for rule in route.spec.get("rules") or [])
        return
    delegates = {other.key: other for other in others}
    for rule in route.spec.get("http") or []:
        if delegate := rule.get("delegate"):
            key = route.kind, delegate.get("namespace") or route.namespace, delegate.get("name", "")
            below = delegates[key].spec.get("http") or [] if key in delegates else []
            # A delegate's rule inherits what it does not say (istio.io/istio, pilot/pkg/model/virtualservice.go).
            yield from (_of_istio({**rule, **inner}, key[1]) for inner in below)
        else:
            yield _of_istio(rule, route.namespace)


def destinations(route: Policy) -> set[str]:
    """Return the full names of the hosts to which a VirtualService leads requests and connections."""
    rules = (rule for kind in ("http", "tls", "tcp") for rule in route.spec.get(kind) or [])
    return {_host(target.get("destination"), route.namespace) for rule in rules for target in rule.get("route") or []}


def applies_to_sidecars(route: Policy) -> bool:
    """Return True for a VirtualService whose hosts the sidecars route by it."""
    return route.kind == "VirtualService" and MESH in (route.spec.get("gateways") or [MESH])


def sidecar_hosts(route: Policy) -> set[str]:
    """Return the full names of the hosts whose requests the sidecars route by it."""
    if route.kind == "VirtualService":
        hosts = route.spec.get("hosts") if applies_to_sidecars(route) else ()
        return {full_name(host, route.namespace) for host in hosts or ()}
    return {_service(parent, route.namespace) for parent in route.parents if parent.get("kind") == "Service"}


def _of_istio(rule: Mapping[str, Any], namespace: str) -> Rule:
    mirrors = [rule.get("mirror"), *(mirror.get("destination") for mirror in rule.get("mirrors") or [])]
    retries = rule.get("retries")
    return Rule(
        tuple(_host(target.get("destination"), namespace) for target in rule.get("route") or []),
        tuple(_host(mirror, namespace) for mirror in mirrors if mirror),
        None if retries is None else retries.get("attempts", 0),
        bool(rule.get("fault")),
    )


def _host(destination: Mapping[str, Any] | None, namespace: str) -> str:
    return full_name((destination or {}).get("host", ""), namespace)


def _of_gateway_api(rule: Mapping[str, Any], namespace: str) -> Rule:
    backends = rule.get("backendRefs") or []
    filters = chain(rule.get("filters") or [], *(backend.get("filters") or [] for backend in backends))
    mirrors = [entry["requestMirror"]["backendRef"] for entry in filters if entry.get("requestMirror")]
    retry = rule.get("retry")
    return Rule(
        tuple(_service(backend, namespace) for backend in backends),
        tuple(_service(mirror, namespace) for mirror in mirrors),
        None if retry is None else retry.get("attempts", USUAL_RETRIES),
    )


def _service(reference: Mapping[str, Any], namespace: str) -> str:
    return full_name(reference["name"], reference.get("namespace") or namespace)
