"""ServiceEntry objects for hosts outside the cluster, and their route through the egress gateway."""

from collections.abc import Iterator

from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.external import USUAL_PORTS, EgressTls, ExternalService
from pi_mesh.values.objects import Object, given, istio_object, item_object
from pi_mesh.values.traffic.gateways import gateway_selector
from pi_mesh.values.traffic.routes import destination


def external_objects(settings: Settings, name: str, service: ExternalService) -> Iterator[Object]:
    """Yield the ServiceEntry and, if asked for, the objects that route requests through the egress gateway."""
    yield service_entry(settings, name, service)
    if service.through_gateway:
        yield _gateway(settings, name, service)
        if service.is_wrapped:
            yield _way_to_the_gateway(settings, name, service)
        if service.tls:
            yield _origination(settings, name, service, service.tls)
        yield _route(settings, name, service)


def service_entry(settings: Settings, name: str, service: ExternalService) -> Object:
    ports = [_port(service, service.number)]
    ports += [{**_port(service, number), "name": f"tcp-{number}"} for number in service.more_ports]
    if service.tls_port != service.number:
        # As TLS, so that sidecars don't listen for plain HTTP on the port of other hosts' TLS.
        ports.append(_tls_port(service.tls_port, "TLS"))
    spec = {
        "hosts": list(service.hosts),
        **given(addresses=list(service.addresses)),
        "ports": ports,
        "location": "MESH_EXTERNAL",
        # A wildcard and a range cannot be resolved, so the address that the caller uses is kept.
        "resolution": "NONE" if service.has_wildcard or service.has_range else "DNS",
    }
    return item_object(settings, service, "ServiceEntry", name, spec)


def egress_host(settings: Settings) -> str:
    return f"{settings.releases.names.egress}.{settings.istio.namespace}.svc.cluster.local"


def _entrance(service: ExternalService) -> int:
    """Return the gateway's port; its Service has the usual ones only, and server names tell the hosts apart."""
    return USUAL_PORTS["TLS" if service.is_wrapped else service.protocol]


def _gateway(settings: Settings, name: str, service: ExternalService) -> Object:
    server: Object = {"port": _port(service, _entrance(service)), "hosts": list(service.hosts)}
    if service.is_wrapped:
        server["port"] = _tls_port(_entrance(service), "HTTPS" if service.protocol == "HTTP" else "TLS")
        server["tls"] = {"mode": "ISTIO_MUTUAL"}
    elif service.protocol == "TLS":
        server["tls"] = {"mode": "PASSTHROUGH"}
    spec = {"selector": _egress_pods(settings), "servers": [server]}
    return item_object(settings, service, "Gateway", _through(name), spec)


def _way_to_the_gateway(settings: Settings, name: str, service: ExternalService) -> Object:
    """Return the DestinationRule of callers, in the namespace where sidecars of all namespaces look for it."""
    (host,) = service.hosts
    tls = {"mode": "ISTIO_MUTUAL", "sni": host}
    policy = {"portLevelSettings": [{"port": {"number": _entrance(service)}, "tls": tls}]}
    spec: Object = {"host": egress_host(settings), "subsets": [{"name": name, "trafficPolicy": policy}]}
    return istio_object(settings.istio.namespace, "DestinationRule", _through(name), spec)


def _origination(settings: Settings, name: str, service: ExternalService, tls: EgressTls) -> Object:
    """Return the DestinationRule of the egress gateway's pods, which may read the Secret of their namespace."""
    (host,) = service.hosts
    called = tls.server_name or host
    client = {"credentialName": tls.secret} if tls.secret else {"caCertificates": "system"}
    # Istio compares the host's certificate with the names of this list alone.
    opened = {"mode": tls.mode, **client, "sni": called, "subjectAltNames": [called]}
    spec: Object = {
        "host": host,
        "workloadSelector": {"matchLabels": _egress_pods(settings)},
        "trafficPolicy": {"portLevelSettings": [{"port": {"number": service.tls_port}, "tls": opened}]},
    }
    return istio_object(settings.istio.namespace, "DestinationRule", f"{name}-tls", spec)


def _route(settings: Settings, name: str, service: ExternalService) -> Object:
    """Return the VirtualService with two steps for each host: from the workload to the gateway, and on to the host."""
    entrance, subset = _entrance(service), name if service.is_wrapped else None
    steps = []
    for host in service.hosts:
        to_gateway = destination(egress_host(settings), entrance, subset)
        onward = destination(host, service.tls_port)
        steps.append(_step(service, host, {"gateways": ["mesh"], "port": service.number}, to_gateway))
        steps.append(_step(service, host, {"gateways": [_through(name)], "port": entrance}, onward))
    spec = {"hosts": list(service.hosts), "gateways": ["mesh", _through(name)], service.protocol.lower(): steps}
    return item_object(settings, service, "VirtualService", _through(name), spec)


def _step(service: ExternalService, host: str, match: Object, target: Object) -> Object:
    # The authority of a request to a port other than 80 includes the port.
    authority = {"regex": host.replace(".", r"\.") + "(:[0-9]+)?"}
    of_host: dict[str, Object] = {"TLS": {"sniHosts": [host]}, "HTTP": {"authority": authority}, "TCP": {}}
    return {"match": [{**match, **of_host[service.protocol]}], "route": [target]}


def _port(service: ExternalService, number: int) -> Object:
    return {"number": number, "name": service.protocol.lower(), "protocol": service.protocol}


def _tls_port(number: int, protocol: str) -> Object:
    return {"number": number, "name": "tls", "protocol": protocol}


def _egress_pods(settings: Settings) -> dict[str, str]:
    return gateway_selector(settings.releases.names.egress, settings.egress)


def _through(name: str) -> str:
    return f"{name}-through-egress"
