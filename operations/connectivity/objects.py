"""The objects of the calls' own namespace: two pods, their Services and targets, and routes through both gateways."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from operations import envoy_server
from operations.envoy_server import CONTROL, GUARDED
from operations.short_lived import ShortLived
from pi_mesh.names import EXCLUDED_PORTS, PROJECT, SHORT_LIVED_LABEL
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.gateways import USUAL_PORTS
from pi_mesh.settings.traffic.names import full_name
from pi_mesh.values.gateway_service import reached_ports, topology
from pi_mesh.values.objects import Object, istio_object, kubernetes_object
from pi_mesh.values.placement import node_selector, spread
from pi_mesh.values.traffic.external import egress_host
from pi_mesh.values.traffic.gateways import gateway_selector
from pi_mesh.values.traffic.routes import destination

CLIENT, SERVER = "client", "server"
"""Names of the pods, their Services and their service accounts."""
NAMESPACE = f"{PROJECT}-connectivity"
INSIDE, OUTSIDE, UNREGISTERED = (f"{name}.{PROJECT}.internal" for name in ("inside", "outside", "unregistered"))
"""Hosts that the ingress gateway serves, that a ServiceEntry registers, and that nothing registers."""


class Way(StrEnum):
    """The way by which a request came to the server, and the body of the server's answer."""

    DIRECT = "direct"
    INGRESS = "through the ingress gateway"
    EGRESS = "through the egress gateway"


@dataclass(frozen=True)
class Target:
    name: str
    address: str
    """DNS name or IP address to which the pod connects."""
    port: int
    host: str
    """Host of the request, by which proxies route it."""
    past_the_sidecar: bool = False
    """True for a call that the pod's sidecar does not see, so that it is that of a client outside the mesh."""

    @property
    def path(self) -> str:
        """Return the path by which the pod is asked to make the call."""
        return f"/call/{self.name}"


def service_host(name: str) -> str:
    return full_name(name, NAMESPACE)


def peer_target(name: str) -> Target:
    return Target("peer", service_host(name), GUARDED, service_host(name))


def outside_target(name: str, host: str) -> Target:
    """Return a host outside the mesh: the server's port without a sidecar, under a name of no Service."""
    return Target(name, service_host(SERVER), CONTROL, host)


def ingress_target(address: str, port: int) -> Target:
    """Return the ingress gateway at its Service's address, called as from outside."""
    return Target("ingress", address, port, INSIDE, past_the_sidecar=True)


def plain_http_port(settings: Settings) -> tuple[int, str]:
    """Return the port on which the ingress gateway can serve plain HTTP to a pod, or 0 with the reason for none."""
    if not settings.ingress.enabled:
        return 0, "ingress.enabled is false"
    if "proxyProtocol" in topology(settings):
        return 0, "the ingress gateway takes only connections that begin with the PROXY protocol's header"
    servers = [(gateway, server) for gateway in settings.traffic.gateways.values() for server in gateway.servers]
    other = {server.number for _, server in servers if server.family != "HTTP"}
    listed = {server.number for gateway, server in servers if gateway.allow_addresses}
    spoken = [server.number for _, server in servers if server.family == "HTTP"]
    reached = reached_ports(settings, settings.releases.names.ingress, settings.ingress)
    for port in (*spoken, 80):
        if port in reached and port not in other | listed:
            return port, ""
    if listed:
        return 0, "each of its ports with plain HTTP has a list of addresses (allowAddresses)"
    return 0, "its Service has no port with plain HTTP"


# A pod's Envoy answers on both ports. Its second port, which the sidecar leaves out, also sends requests on: the API
# server's pod proxy asks it for `/call/TARGET`, and gets the answer that the pod's own call to the target had.

PURPOSE = "connectivity"
APP = "app"
"""Label that names the pod."""
WAY = "x-pi-mesh-way"
"""Header in which a gateway's route tells the server which way the request came."""
NOT_CAPTURED = "traffic.sidecar.istio.io/excludeOutboundIPRanges"


def pod_job(settings: Settings, stack: str, namespace: str, name: str, targets: list[Target]) -> ShortLived:
    answers = [envoy_server.answer_route(way, x_pi_mesh_way=way) for way in Way if way is not Way.DIRECT]
    answers.append(envoy_server.answer_route(Way.DIRECT))
    calls = [envoy_server.forward_route(target.path, target.name, target.host) for target in targets]
    upstreams = [envoy_server.upstream_cluster(target.name, target.address, target.port) for target in targets]
    listeners = {GUARDED: answers, CONTROL: [*calls, *answers]}
    past = [f"{target.address}/32" for target in targets if target.past_the_sidecar]
    return ShortLived(
        namespace,
        PURPOSE,
        stack,
        (envoy_server.envoy_container(settings, CONTROL, listeners, upstreams),),
        labels={APP: name},
        annotations={EXCLUDED_PORTS: str(CONTROL), **({NOT_CAPTURED: ",".join(past)} if past else {})},
        pod={
            "serviceAccountName": name,
            "nodeSelector": node_selector(settings),
            "topologySpreadConstraints": [spread({SHORT_LIVED_LABEL: PURPOSE})],
            "imagePullSecrets": [{"name": secret} for secret in settings.images.secrets],
        },
    )


# No other namespace's proxies learn of them but the gateways', by `exportTo`.

POLICY = "callers"
"""Name of the AuthorizationPolicy, which admits the client and the ingress gateway, and so not the server."""
INGRESS, EGRESS = "ingress", "egress"


def before_the_pods(settings: Settings, ingress_port: int) -> Iterator[Object]:
    """Yield what must exist before the pods start; no way through the ingress gateway without a port."""
    for name, ports in ((CLIENT, {"http": GUARDED}), (SERVER, {"http": GUARDED, "http-outside": CONTROL})):
        yield kubernetes_object("v1", "ServiceAccount", NAMESPACE, name)
        yield _service(settings, name, ports)
    # A principal of any trust domain.
    callers = {"principals": [f"*/ns/{NAMESPACE}/sa/{CLIENT}"]}, {"namespaces": [settings.ingress_namespace]}
    rules = [{"from": [{"source": caller}]} for caller in callers]
    yield istio_object(NAMESPACE, "AuthorizationPolicy", POLICY, {"action": "ALLOW", "rules": rules})
    if ingress_port:
        pods = gateway_selector(settings.releases.names.ingress, settings.ingress)
        yield _gateway(INGRESS, pods, ingress_port, INSIDE)
        yield _route(settings, INGRESS, INSIDE, [INGRESS], [_to(service_host(SERVER), GUARDED, Way.INGRESS)])


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
        pods = gateway_selector(settings.releases.names.egress, settings.egress)
        yield _gateway(EGRESS, pods, entrance, OUTSIDE)
        to_gateway = {"match": [{"gateways": ["mesh"]}], "route": [destination(egress_host(settings), entrance)]}
        onward = {"match": [{"gateways": [EGRESS]}], **_to(OUTSIDE, CONTROL, Way.EGRESS)}
        yield _route(settings, EGRESS, OUTSIDE, ["mesh", EGRESS], [to_gateway, onward])


def _service(settings: Settings, name: str, ports: dict[str, int]) -> Object:
    marks = {"annotations": {"networking.istio.io/exportTo": ",".join(_seen_by(settings))}}
    listed = [{"name": key, "port": port, "targetPort": port} for key, port in ports.items()]
    return kubernetes_object("v1", "Service", NAMESPACE, name, marks, spec={"selector": {APP: name}, "ports": listed})


def _seen_by(settings: Settings) -> list[str]:
    """Return the namespaces whose proxies learn of an object: this one, and those of the gateways."""
    return [".", *dict.fromkeys((settings.istio.namespace, settings.ingress_namespace))]


def _gateway(name: str, pods: dict[str, str], port: int, host: str) -> Object:
    server = {"port": {"number": port, "name": "http", "protocol": "HTTP"}, "hosts": [host]}
    return istio_object(NAMESPACE, "Gateway", name, {"selector": pods, "servers": [server]})


def _route(settings: Settings, name: str, host: str, gateways: list[str], rules: list[dict[str, Any]]) -> Object:
    spec = {"hosts": [host], "gateways": gateways, "http": rules, "exportTo": _seen_by(settings)}
    return istio_object(NAMESPACE, "VirtualService", name, spec)


def _to(host: str, port: int, way: Way) -> dict[str, Any]:
    return {"route": [destination(host, port)], "headers": {"request": {"set": {WAY: way}}}}
