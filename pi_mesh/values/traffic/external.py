"""ServiceEntry objects for hosts outside the cluster, and their route through the egress gateway."""

from collections.abc import Iterator

from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.external import USUAL_PORTS, ExternalService
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.gateways import gateway_selector
from pi_mesh.values.traffic.istio_object import given, item_object
from pi_mesh.values.traffic.routes import destination


def external_objects(settings: Settings, name: str, wanted: ExternalService) -> Iterator[Object]:
    """Yield the ServiceEntry and, if asked for, the objects that route requests through the egress gateway."""
    yield service_entry(settings, name, wanted)
    if wanted.through_gateway:
        yield _gateway(settings, name, wanted)
        yield _route(settings, name, wanted)


def service_entry(settings: Settings, name: str, wanted: ExternalService) -> Object:
    spec = {
        "hosts": list(wanted.hosts),
        **given(addresses=list(wanted.addresses)),
        "ports": [_port(wanted, wanted.number)],
        "location": "MESH_EXTERNAL",
        # A wildcard cannot be resolved, so the address that the caller uses is kept.
        "resolution": "NONE" if wanted.has_wildcard else "DNS",
    }
    return item_object(settings, wanted, "ServiceEntry", name, spec)


def egress_host(settings: Settings) -> str:
    """Return the host name of the egress gateway's Service."""
    return f"{settings.releases.names.egress}.{settings.istio.namespace}.svc.cluster.local"


def _gateway(settings: Settings, name: str, wanted: ExternalService) -> Object:
    # The gateway's Service has the usual ports only.
    server: Object = {"port": _port(wanted, USUAL_PORTS[wanted.protocol]), "hosts": list(wanted.hosts)}
    if wanted.protocol == "TLS":
        server["tls"] = {"mode": "PASSTHROUGH"}
    spec = {"selector": gateway_selector(settings.releases.names.egress), "servers": [server]}
    return item_object(settings, wanted, "Gateway", _through(name), spec)


def _route(settings: Settings, name: str, wanted: ExternalService) -> Object:
    """Return the VirtualService with two steps for each host: from the workload to the gateway, and on to the host."""
    entrance = USUAL_PORTS[wanted.protocol]
    steps = []
    for host in wanted.hosts:
        to_gateway, onward = destination(egress_host(settings), entrance), destination(host, wanted.number)
        steps.append(_step(wanted, host, {"gateways": ["mesh"], "port": wanted.number}, to_gateway))
        steps.append(_step(wanted, host, {"gateways": [_through(name)], "port": entrance}, onward))
    spec = {"hosts": list(wanted.hosts), "gateways": ["mesh", _through(name)], wanted.protocol.lower(): steps}
    return item_object(settings, wanted, "VirtualService", _through(name), spec)


def _step(wanted: ExternalService, host: str, match: Object, target: Object) -> Object:
    # The authority of a request to a port other than 80 includes the port.
    authority = {"regex": host.replace(".", r"\.") + "(:[0-9]+)?"}
    of_host = {"sniHosts": [host]} if wanted.protocol == "TLS" else {"authority": authority}
    return {"match": [{**match, **of_host}], "route": [target]}


def _port(wanted: ExternalService, number: int) -> Object:
    return {"number": number, "name": wanted.protocol.lower(), "protocol": wanted.protocol}


def _through(name: str) -> str:
    return f"{name}-through-egress"
