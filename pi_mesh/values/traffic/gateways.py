"""The listeners of the ingress gateway: Gateways, their allow-lists and limits, and cert-manager's Certificates."""

import math
from collections import defaultdict
from collections.abc import Iterator

from pi_mesh.facts import duration
from pi_mesh.settings import Settings
from pi_mesh.settings.gateway import GatewaySettings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.settings.traffic.gateways import IngressListener, Limit, Server
from pi_mesh.values import cert_manager
from pi_mesh.values.gateway_service import topology
from pi_mesh.values.objects import Object, given, in_seconds, istio_object, item_object, kubernetes_object, own
from pi_mesh.values.traffic.authorization import POLICY


def gateway(settings: Settings, name: str, listener: IngressListener) -> Object:
    servers = [_server(server, listener) for server in listener.servers]
    spec = {"selector": gateway_selector(settings.releases.names.ingress, settings.ingress), "servers": servers}
    return item_object(settings, listener, "Gateway", name, spec)


def gateway_labels(release: str, gateway: GatewaySettings) -> dict[str, str]:
    """Return the labels by which the Deployment of the gateway chart selects the pods of this release."""
    chart = {"app": release, "istio": release.removeprefix("istio-")}
    return {key: gateway.labels.get(key, value) for key, value in chart.items()}


def gateway_selector(release: str, gateway: GatewaySettings) -> dict[str, str]:
    """Return the label by which Gateways and policies select the pods of this release."""
    return {"istio": gateway_labels(release, gateway)["istio"]}


def _server(server: Server, listener: IngressListener) -> Object:
    port = {"number": server.number, "name": server.protocol.lower(), "protocol": server.protocol}
    tls = _tls(server, listener)
    return {"port": port, "hosts": list(listener.hosts), **({"tls": tls} if tls else {})}


def _tls(server: Server, listener: IngressListener) -> Object | None:
    tls = listener.tls
    if server.family == "TLS":
        names = list(tls.client_names) if tls else []
        ended = tls and given(mode=tls.mode, credentialName=tls.secret, subjectAltNames=names)
        return ended or {"mode": "PASSTHROUGH"}
    return {"httpsRedirect": True} if tls and tls.redirect else None


# AuthorizationPolicy objects of the ingress gateway: each listener serves the addresses on its list alone.
# They deny all others, because an ALLOW for one listener would close all listeners that have none.


def guards(settings: Settings, namespace: WorkloadNamespace) -> Iterator[Object]:
    """Yield the policy with the addresses of each listener of a namespace, and its limits: both come before it."""
    # Also with the label `app`: in the root namespace a policy selects pods of every namespace.
    home, pods = settings.ingress_namespace, gateway_labels(settings.releases.names.ingress, settings.ingress)
    for name, listener in own(settings, namespace, settings.traffic.gateways).items():
        if listener.allow_addresses:
            rules = [_listener_rule(settings, listener, server) for server in listener.servers]
            spec: Object = {"selector": {"matchLabels": pods}, "action": "DENY", "rules": rules}
            yield istio_object(home, POLICY, f"{name}-addresses", spec)
        if listener.limits:
            # After the policies: a client whom they refuse uses up nobody's requests.
            patch = {"operation": "INSERT_BEFORE", "value": _limiter(name, listener)}
            ports = [{"match": _before_the_router(server), "patch": patch} for server in listener.servers]
            patches = [{"applyTo": "HTTP_FILTER", **port} for port in ports]
            # Without a priority `istioctl analyze` warns of the place (IST0151).
            spec = {"workloadSelector": {"labels": pods}, "priority": 1, "configPatches": patches}
            yield istio_object(home, "EnvoyFilter", f"{name}-limits", spec)


def shares_its_port(settings: Settings, listener: IngressListener, server: Server) -> bool:
    """Return True if clients may reach another listener on the same port from other addresses."""
    return any(
        other is not listener and not _same_list(other, listener) and server.number in _port_numbers(other)
        for other in settings.traffic.gateways.values()
    )


def _listener_rule(settings: Settings, listener: IngressListener, server: Server) -> Object:
    """Return the rule for a port; its hosts tell it from other listeners of that port, where there are any."""
    operation = _listener_ports(settings, listener, server)
    rule: Object = {"from": [{"source": {"notRemoteIpBlocks": list(listener.allow_addresses)}}]}
    if shares_its_port(settings, listener, server):
        if server.family == "TLS":
            rule["when"] = [{"key": "connection.sni", "values": list(listener.hosts)}]
        else:
            operation["hosts"] = [form for host in listener.hosts for form in (host, f"{host}:*")]
    return {**rule, "to": [{"operation": operation}]} if operation else rule


def _listener_ports(settings: Settings, listener: IngressListener, server: Server) -> Object:
    """Return the condition for the listener's port.

    With the PROXY protocol Envoy takes the port from its header, where the load balancer may have another one. Then the
    rule holds for all ports but those of listeners with another list, so that an unknown port is closed and not open.
    """
    if "proxyProtocol" not in topology(settings):
        return {"ports": [str(server.number)]}
    others = (other for other in settings.traffic.gateways.values() if not _same_list(other, listener))
    numbers = {number for other in others for number in _port_numbers(other)} - _port_numbers(listener)
    return {"notPorts": [str(number) for number in sorted(numbers)]} if numbers else {}


def _port_numbers(listener: IngressListener) -> set[int]:
    return {server.number for server in listener.servers}


def _same_list(listener: IngressListener, other: IngressListener) -> bool:
    return set(listener.allow_addresses) == set(other.allow_addresses)


# Limits are Envoy's own local rate limits, for which neither Istio nor Gateway API has a kind.
# https://istio.io/latest/docs/tasks/policy-enforcement/rate-limit/

LOCAL_RATE_LIMIT = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
MOST_CLIENTS = 10_000
"""Clients that each limit by client remembers; the longest silent one is forgotten first. Envoy's default is 20."""
ALWAYS = {"default_value": {"numerator": 100}}
COUNTED, CLIENT = "pi-mesh-limit", "pi-mesh-client"
"""Keys of Envoy's descriptors, each of which has a bucket."""


def _before_the_router(server: Server) -> Object:
    router = {"name": "envoy.filters.http.router"}
    chain = {"filter": {"name": "envoy.filters.network.http_connection_manager", "subFilter": router}}
    return {"context": "GATEWAY", "listener": {"portNumber": server.number, "filterChain": chain}}


def _limiter(name: str, listener: IngressListener) -> Object:
    limits = {f"{name}/{place}": limit for place, limit in enumerate(listener.limits)}
    wait = max(math.ceil(duration(limit.per).total_seconds() / limit.requests) for limit in listener.limits)
    config = {
        "@type": LOCAL_RATE_LIMIT,
        "stat_prefix": name,
        "filter_enabled": ALWAYS,
        "filter_enforced": ALWAYS,
        "local_rate_limit_per_downstream_connection": False,
        "enable_x_ratelimit_headers": "DRAFT_VERSION_03",
        "response_headers_to_add": [{"header": {"key": "retry-after", "value": str(wait)}}],
        # Clients repeat UNAVAILABLE, gRPC's status for 429, at once.
        "rate_limited_as_resource_exhausted": True,
        "max_dynamic_descriptors": MOST_CLIENTS,
        "rate_limits": [actions for key, limit in limits.items() for actions in _actions(key, limit, listener)],
        "descriptors": [_bucket(key, limit) for key, limit in limits.items()],
    }
    return {"name": f"pi-mesh.limits.{name}", "typed_config": config}


def _actions(key: str, limit: Limit, listener: IngressListener) -> Iterator[Object]:
    """Yield the actions that give a counted request its descriptor."""
    headers: list[Object] = [{"name": ":method", "present_match": True}]
    hosts = (limit.host,) if limit.host else listener.hosts
    if "*" not in hosts:
        # In any case, as Envoy compares hosts; `*.` covers more than one label, as in a Gateway.
        forms = "|".join(host.replace(".", r"\.").replace("*", ".+") for host in hosts)
        headers.append({"name": ":authority", "string_match": {"safe_regex": {"regex": f"(?i)({forms})(:[0-9]+)?"}}})
    if limit.prefix:
        headers.append({"name": ":path", "string_match": {"prefix": limit.prefix}})
    counted = _if(COUNTED, key, headers)
    if limit.by_header:
        yield {"actions": [counted, {"request_headers": {"header_name": limit.by_header, "descriptor_key": CLIENT}}]}
        absent = {"name": limit.by_header, "present_match": True, "invert_match": True}
        yield {"actions": [counted, _if(CLIENT, "none", [absent])]}
    else:
        yield {"actions": [counted, *([{"remote_address": {}}] if limit.by_address else [])]}


def _if(key: str, value: str, headers: list[Object]) -> Object:
    return {"header_value_match": {"descriptor_key": key, "descriptor_value": value, "headers": headers}}


def _bucket(key: str, limit: Limit) -> Object:
    """Return the descriptor with its bucket; an entry without a value stands for each value by itself."""
    client = CLIENT if limit.by_header else "remote_address" if limit.by_address else None
    bucket = {"max_tokens": limit.burst or limit.requests, "tokens_per_fill": limit.requests}
    return {
        "entries": [{"key": COUNTED, "value": key}, *([{"key": client}] if client else [])],
        "token_bucket": {**bucket, "fill_interval": in_seconds(limit.per)},
    }


def certificates(settings: Settings, namespace: WorkloadNamespace) -> Iterator[Object]:
    """Yield a Certificate for each Secret of a namespace's listeners, in the gateway's namespace.

    Listeners that share a Secret share its Certificate, which belongs to the namespace of the first. cert-manager
    renews its key too.
    """
    users: dict[str, list[IngressListener]] = defaultdict(list)
    for listener in settings.traffic.gateways.values():
        if listener.tls and listener.tls.issuer:
            users[listener.tls.secret].append(listener)
    for secret, listeners in users.items():
        first, *_ = listeners
        issuer = first.tls and first.tls.issuer
        if issuer is None or settings.namespace_of(first) != namespace.name:
            continue
        hosts = dict.fromkeys(host for listener in listeners for host in listener.hosts)
        spec = {
            "secretName": secret,
            "dnsNames": list(hosts),
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "issuerRef": {"group": "cert-manager.io", "kind": issuer.kind, "name": issuer.name},
        }
        yield kubernetes_object(cert_manager.API, "Certificate", settings.ingress_namespace, secret, spec=spec)
