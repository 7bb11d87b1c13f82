"""The targets of the calls that the two pods make, and the names by which they reach them."""

from dataclasses import dataclass
from enum import StrEnum

from operations.plaintext_server import CONTROL, GUARDED
from pi_mesh.names import PROJECT
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.names import full_name
from pi_mesh.values.gateway_service import reached_ports, topology

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
    """One target of a pod's calls."""

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


def service(name: str) -> str:
    """Return the DNS name of one of the pods' Services."""
    return full_name(name, NAMESPACE)


def peer(name: str) -> Target:
    """Return the Service of the other pod."""
    return Target("peer", service(name), GUARDED, service(name))


def beyond(name: str, host: str) -> Target:
    """Return a host outside the mesh: the server's port without a sidecar, under a name of no Service."""
    return Target(name, service(SERVER), CONTROL, host)


def ingress(address: str, port: int) -> Target:
    """Return the ingress gateway at its Service's address, called as from outside."""
    return Target("ingress", address, port, INSIDE, past_the_sidecar=True)


def ingress_port(settings: Settings) -> tuple[int, str]:
    """Return the port on which the ingress gateway can serve plain HTTP to a pod, or 0 with the reason for none."""
    if not settings.ingress.enabled:
        return 0, "ingress.enabled is false"
    if "proxyProtocol" in topology(settings):
        return 0, "the ingress gateway takes only connections that begin with the PROXY protocol's header"
    servers = [(one, server) for one in settings.traffic.gateways.values() for server in one.servers]
    other = {server.number for _, server in servers if server.family != "HTTP"}
    listed = {server.number for one, server in servers if one.allow_addresses}
    spoken = [server.number for _, server in servers if server.family == "HTTP"]
    reached = reached_ports(settings, settings.releases.names.ingress, settings.ingress)
    for port in (*spoken, 80):
        if port in reached and port not in other | listed:
            return port, ""
    if listed:
        return 0, "each of its ports with plain HTTP has a list of addresses (allowAddresses)"
    return 0, "its Service has no port with plain HTTP"
