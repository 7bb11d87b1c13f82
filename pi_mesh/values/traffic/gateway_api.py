"""Listeners and routes as objects of Gateway API, served by the same pods of the ingress gateway as Istio's own.

The Gateway has the gateway's Service as its address, so that istiod creates no pods for it (Istio's manual deployment:
https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/#manual-deployment).
"""

from collections.abc import Iterable, Iterator

from pi_mesh.names import GATEWAY_API
from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.settings.traffic.gateway_api import grpc_method, is_service, route_kinds
from pi_mesh.settings.traffic.gateways import PLAIN_HTTP, IngressListener, Server
from pi_mesh.settings.traffic.names import full_name, takes
from pi_mesh.settings.traffic.routes import HttpRoute, Route, RouteTarget
from pi_mesh.values.cert_manager import SECONDS
from pi_mesh.values.objects import Object, given, kubernetes_object, own
from pi_mesh.values.traffic.routes import ASKED_BY_CALLER, take_orders

API = f"{GATEWAY_API}/v1"
IS_READ = "jsonpath={.status.listeners[0].name}"
READY = {"annotations": {"pulumi.com/waitFor": IS_READ, "pulumi.com/timeoutSeconds": SECONDS}}
"""Annotations by which `up` waits until istiod has read the Gateway; its conditions may need a later address."""


def _sections(listener: IngressListener) -> list[tuple[str, Server, str]]:
    """Return a name, port and host for each listener of a Gateway, which has one host.

    The names have no dots, at which istiod splits the names of routes for HTTPS.
    """
    return [
        (f"{server.protocol.lower()}-{server.number}{f'-{place}' if place else ''}", server, host)
        for server in listener.servers
        for place, host in enumerate(listener.hosts)
    ]


def ingress_host(settings: Settings) -> str:
    """Return the address of a Gateway that the ingress gateway serves; istiod takes it only in that namespace."""
    return full_name(settings.releases.names.ingress, settings.ingress_namespace)


def gateway(settings: Settings, name: str, listener: IngressListener) -> Object:
    """Return the Gateway, in the namespace of the gateway's pods: they may read Secrets of their own alone."""
    spec = {
        "gatewayClassName": "istio",
        "addresses": [{"type": "Hostname", "value": ingress_host(settings)}],
        "listeners": [_listener(listener, *section) for section in _sections(listener)],
    }
    return kubernetes_object(API, "Gateway", settings.ingress_namespace, name, READY, spec=spec)


def _listener(listener: IngressListener, name: str, server: Server, host: str) -> Object:
    return given(
        name=name,
        port=server.number,
        protocol="HTTP" if server.protocol in PLAIN_HTTP else server.protocol,
        hostname=None if host == "*" else host,
        tls=_tls(listener) if server.family == "TLS" else None,
        # As Istio's own listeners. With fewer, istiod takes the host for another one than theirs, and Envoy refuses
        # both on one port while a stack changes from one form to the other (pilot/pkg/model/gateway.go).
        allowedRoutes={"namespaces": {"from": "All"}},
    )


def _tls(listener: IngressListener) -> Object:
    if listener.tls is None:
        return {"mode": "Passthrough"}
    mutual = {"gateway.istio.io/tls-terminate-mode": "MUTUAL"} if listener.tls.mode == "MUTUAL" else None
    return given(mode="Terminate", certificateRefs=[{"name": listener.tls.secret}], options=mutual)


def redirects(settings: Settings, namespace: WorkloadNamespace) -> Iterator[Object]:
    """Yield the route to HTTPS of each of a namespace's listeners that redirect plain HTTP."""
    for name, listener in own(settings, namespace, settings.traffic.gateways).items():
        if listener.tls and listener.tls.redirect:
            plain = [section for section, server, _ in _sections(listener) if server.protocol in PLAIN_HTTP]
            redirect = {"scheme": "https", "port": listener.tls.port, "statusCode": 301}
            spec = {
                "parentRefs": [_parent(settings, name, section) for section in plain],
                "rules": [{"filters": [{"type": "RequestRedirect", "requestRedirect": redirect}]}],
            }
            yield kubernetes_object(API, "HTTPRoute", namespace.name, f"{name}-to-https", spec=spec)


def routes(settings: Settings, namespace: WorkloadNamespace) -> Iterator[Object]:
    for name, item in own(settings, namespace, settings.traffic.routes).items():
        for kind in route_kinds(settings.traffic.gateways, item):
            has_hosts = item.gateways and kind != "TCPRoute" and "*" not in item.hosts
            spec = given(
                parentRefs=[*_parents(settings, item)],
                hostnames=list(item.hosts) if has_hosts else None,
                rules=_rules(settings, item, kind),
            )
            yield kubernetes_object(API, kind, namespace.name, name, spec=spec)


def _parents(settings: Settings, item: Route) -> Iterator[Object]:
    """Yield the Gateways whose requests the route takes, or the Services whose callers in the mesh it applies to."""
    for host in () if item.gateways else item.hosts:
        yield {"group": "", "kind": "Service", "name": host.partition(".")[0]}
    for name in item.gateways:
        listener = settings.traffic.gateways.get(name)
        sections = _sections(listener) if listener else []
        redirects = listener and listener.tls and listener.tls.redirect
        taken = [
            section
            for section, server, host in sections
            if any(takes(asked, host) or takes(host, asked) for asked in item.hosts)
            and not (redirects and server.protocol in PLAIN_HTTP)
        ]
        whole = [_parent(settings, name)]
        yield from whole if len(taken) == len(sections) else (_parent(settings, name, section) for section in taken)


def _parent(settings: Settings, gateway: str, section: str | None = None) -> Object:
    return given(name=gateway, namespace=settings.ingress_namespace, sectionName=section)


def _rules(settings: Settings, item: Route, kind: str) -> list[Object]:
    home = settings.namespace_of(item)
    if kind in ("TCPRoute", "TLSRoute"):
        return [{"backendRefs": _backends(settings, home, item.tcp if kind == "TCPRoute" else item.tls)}]
    return [made for rule in item.http for made in _http_rules(settings, home, rule, kind)]


def _http_rules(settings: Settings, namespace: str, rule: HttpRoute, kind: str) -> Iterator[Object]:
    """Yield the rule, once for each method if it rewrites the path: the CRD then accepts a single path."""
    matches = _matches(rule, kind)
    for some in [[match] for match in matches] if rule.rewrite else [matches]:
        yield given(
            matches=[match for match in some if match],
            filters=[*_filters(settings, namespace, rule)],
            backendRefs=_backends(settings, namespace, rule.to),
            timeouts=given(request=rule.timeout),
        )


def _matches(rule: HttpRoute, kind: str) -> list[Object]:
    headers = [{"name": name, "value": value} for name, value in rule.headers.items()]
    if kind == "GRPCRoute":
        return [given(method=grpc_method(rule), headers=headers)]
    path = {"type": "Exact", "value": rule.exact} if rule.exact else None
    if not rule.exact and (rule.prefix or rule.rewrite):
        path = {"type": "PathPrefix", "value": rule.prefix or "/"}
    return [given(path=path, headers=headers, method=method) for method in rule.methods or (None,)]


def _filters(settings: Settings, namespace: str, rule: HttpRoute) -> Iterator[Object]:
    """Yield the filters. Those for orders need `proxy.defaultRetries.attempts: 0`, which a check holds."""
    if take_orders(settings, namespace, *(target.service for target in rule.to)):
        yield {"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": list(ASKED_BY_CALLER)}}
    if rule.rewrite:
        kind = "ReplaceFullPath" if rule.exact else "ReplacePrefixMatch"
        path = {"type": kind, kind[0].lower() + kind[1:]: rule.rewrite}
        yield {"type": "URLRewrite", "urlRewrite": {"path": path}}


def _backends(settings: Settings, namespace: str, targets: Iterable[RouteTarget]) -> list[Object]:
    """Return the references: a Service of the namespace by its name, any other host by Istio's own kind."""
    return [
        given(
            group=None if (is_own := is_service(target.service, namespace)) else "networking.istio.io",
            kind=None if is_own else "Hostname",
            name=target.service.partition(".")[0] if is_own else target.service,
            port=settings.port_of(target, namespace),
            weight=target.weight,
        )
        for target in targets
    ]
