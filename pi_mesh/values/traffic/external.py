"""ServiceEntry objects for hosts outside the cluster, and their route through the egress gateway."""

from collections.abc import Iterator

from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.external import USUAL_PORTS, ExternalService
from pi_mesh.values.objects import Object, given, item_object
from pi_mesh.values.traffic.gateways import gateway_selector
from pi_mesh.values.traffic.routes import destination


def external_objects(settings: Settings, name: str, service: ExternalService) -> Iterator[Object]:
    """Yield the ServiceEntry and, if asked for, the objects that route requests through the egress gateway."""
    yield service_entry(settings, name, service)
    if service.through_gateway:
        yield _gateway(settings, name, service)
        yield _route(settings, name, service)


def service_entry(settings: Settings, name: str, service: ExternalService) -> Object:
    spec = {
        "hosts": list(service.hosts),
        **given(addresses=list(service.addresses)),
        "ports": [_port(service, service.number)],
        "location": "MESH_EXTERNAL",
        # A wildcard cannot be resolved, so the address that the caller uses is kept.
        "resolution": "NONE" if service.has_wildcard else "DNS",
    }
    return item_object(settings, service, "ServiceEntry", name, spec)


def egress_host(settings: Settings) -> str:
    return f"{settings.releases.names.egress}.{settings.istio.namespace}.svc.cluster.local"


def _gateway(settings: Settings, name: str, service: ExternalService) -> Object:
    # The gateway's Service has the usual ports only.
    server: Object = {"port": _port(service, USUAL_PORTS[service.protocol]), "hosts": list(service.hosts)}
    if service.protocol == "TLS":
        server["tls"] = {"mode": "PASSTHROUGH"}
    spec = {"selector": gateway_selector(settings.releases.names.egress, settings.egress), "servers": [server]}
    return item_object(settings, service, "Gateway", _through(name), spec)


def _route(settings: Settings, name: str, service: ExternalService) -> Object:
    """Return the VirtualService with two steps for each host: from the workload to the gateway, and on to the host."""
    entrance = USUAL_PORTS[service.protocol]
    steps = []
    for host in service.hosts:
        to_gateway, onward = destination(egress_host(settings), entrance), destination(host, service.number)
        steps.append(_step(service, host, {"gateways": ["mesh"], "port": service.number}, to_gateway))
        steps.append(_step(service, host, {"gateways": [_through(name)], "port": entrance}, onward))
    spec = {"hosts": list(service.hosts), "gateways": ["mesh", _through(name)], service.protocol.lower(): steps}
    return item_object(settings, service, "VirtualService", _through(name), spec)


def _step(service: ExternalService, host: str, match: Object, target: Object) -> Object:
    # The authority of a request to a port other than 80 includes the port.
    authority = {"regex": host.replace(".", r"\.") + "(:[0-9]+)?"}
    of_host = {"sniHosts": [host]} if service.protocol == "TLS" else {"authority": authority}
    return {"match": [{**match, **of_host}], "route": [target]}


def _port(service: ExternalService, number: int) -> Object:
    return {"number": number, "name": service.protocol.lower(), "protocol": service.protocol}


def _through(name: str) -> str:
    return f"{name}-through-egress"
