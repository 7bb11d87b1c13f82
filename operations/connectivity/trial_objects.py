"""The objects of the calls' own namespace: Services, identities, one policy, and the ways through both gateways.

No other namespace's proxies learn of them but the gateways', by `exportTo`.
"""

from collections.abc import Iterator
from typing import Any

from operations.connectivity.envoy_pods import APP, WAY
from operations.connectivity.targets import CLIENT, INSIDE, NAMESPACE, OUTSIDE, SERVER, Way, service
from operations.plaintext_server import CONTROL, GUARDED
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.gateways import USUAL_PORTS
from pi_mesh.values.objects import Object
from pi_mesh.values.traffic.external import egress_host
from pi_mesh.values.traffic.gateways import gateway_selector
from pi_mesh.values.traffic.istio_object import istio_object
from pi_mesh.values.traffic.routes import destination

POLICY = "callers"
"""Name of the AuthorizationPolicy, which admits the client and the ingress gateway, and so not the server."""
INGRESS, EGRESS = "ingress", "egress"


def before_the_pods(settings: Settings, ingress_port: int) -> Iterator[Object]:
    """Yield what must exist before the pods start; no way through the ingress gateway without a port."""
    for name, ports in ((CLIENT, {"http": GUARDED}), (SERVER, {"http": GUARDED, "http-outside": CONTROL})):
        yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": NAMESPACE}}
        yield _service(settings, name, ports)
    yield istio_object(NAMESPACE, "AuthorizationPolicy", POLICY, {"action": "ALLOW", "rules": _admitted(settings)})
    if ingress_port:
        yield _gateway(INGRESS, settings.releases.names.ingress, ingress_port, INSIDE)
        inside = _to(service(SERVER), GUARDED, Way.INGRESS)
        yield _route(settings, INGRESS, INSIDE, [INGRESS], [inside])


def beyond_the_server(settings: Settings, address: str) -> Iterator[Object]:
    """Yield the registered host outside, which is the server's address, and its way through the egress gateway."""
    port = {"number": CONTROL, "name": "http", "protocol": "HTTP"}
    spec = {
        "hosts": [OUTSIDE],
        "ports": [port],
        "location": "MESH_EXTERNAL",
        "resolution": "STATIC",
        "endpoints": [{"address": address}],
        "exportTo": _seen_by(settings),
    }
    yield istio_object(NAMESPACE, "ServiceEntry", OUTSIDE, spec)
    if settings.egress.enabled:
        entrance = USUAL_PORTS["HTTP"]
        yield _gateway(EGRESS, settings.releases.names.egress, entrance, OUTSIDE)
        to_gateway = {"match": [{"gateways": ["mesh"]}], "route": [destination(egress_host(settings), entrance)]}
        onward = {"match": [{"gateways": [EGRESS]}], **_to(OUTSIDE, CONTROL, Way.EGRESS)}
        yield _route(settings, EGRESS, OUTSIDE, ["mesh", EGRESS], [to_gateway, onward])


def _service(settings: Settings, name: str, ports: dict[str, int]) -> Object:
    exported = {"networking.istio.io/exportTo": ",".join(_seen_by(settings))}
    listed = [{"name": key, "port": port, "targetPort": port} for key, port in ports.items()]
    metadata = {"name": name, "namespace": NAMESPACE, "annotations": exported}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"selector": {APP: name}, "ports": listed},
    }


def _seen_by(settings: Settings) -> list[str]:
    """Return the namespaces whose proxies learn of an object: this one, and those of the gateways."""
    return [".", *dict.fromkeys((settings.istio.namespace, settings.ingress_namespace))]


def _admitted(settings: Settings) -> list[dict[str, Any]]:
    """Return the rules of the callers, whatever the mesh's trust domain is."""
    client = {"principals": [f"*/ns/{NAMESPACE}/sa/{CLIENT}"]}
    gateway = {"namespaces": [settings.ingress_namespace]}
    return [{"from": [{"source": source}]} for source in (client, gateway)]


def _gateway(name: str, release: str, port: int, host: str) -> Object:
    server = {"port": {"number": port, "name": "http", "protocol": "HTTP"}, "hosts": [host]}
    return istio_object(NAMESPACE, "Gateway", name, {"selector": gateway_selector(release), "servers": [server]})


def _route(settings: Settings, name: str, host: str, gateways: list[str], rules: list[dict[str, Any]]) -> Object:
    spec = {"hosts": [host], "gateways": gateways, "http": rules, "exportTo": _seen_by(settings)}
    return istio_object(NAMESPACE, "VirtualService", name, spec)


def _to(host: str, port: int, way: Way) -> dict[str, Any]:
    return {"route": [destination(host, port)], "headers": {"request": {"set": {WAY: way}}}}
