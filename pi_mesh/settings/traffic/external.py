"""Services of the workloads, and services outside the cluster."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pi_mesh.facts import Harmless, Weaker, goes
from pi_mesh.model import Model
from pi_mesh.settings.traffic.names import (
    IN_CLUSTER,
    Address,
    Host,
    Labels,
    NamespacedItem,
    ObjectName,
    Port,
    ProxyPort,
)

USUAL_PORTS = {"TLS": 443, "HTTP": 80}


OF_SERVICES = (".svc", IN_CLUSTER)
"""Endings of Services' DNS names; a pod's own name (`10-1-0-7.shop.pod.cluster.local`) may be outside the mesh."""


def _outside(host: str) -> str:
    if host.endswith(OF_SERVICES):
        raise ValueError("is a Service of the cluster; sidecars know it, or learn of it by sidecarScope")
    if host.rpartition(".")[2].isdigit():
        raise ValueError("is an IP address, which Istio does not accept as a host; give the DNS name")
    return host


OutsideHost = Annotated[Host, AfterValidator(_outside)]


class DeclaredService(NamespacedItem):
    """A Service that another tool (such as Argo CD) creates; routes may name it beforehand."""

    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    """Ports of the Service."""
    selector: Labels | None = None
    """Labels of the Service's pods, by which checks find the policies that apply to it."""
    takes_orders: bool = False
    """Never let a proxy repeat, mirror or fail a request to the Service. Routes to it have no retries, and routes of
    other owners are checked."""
    default_route: bool = True
    """With takesOrders: create a VirtualService without retries for callers in the mesh, unless a route or canary has
    the Service as its host. Set to false if another tool creates one."""


class EgressTls(Model):
    """TLS that the egress gateway opens to a host, whose certificate must be for the name that it is called by."""

    mode: Annotated[Literal["SIMPLE", "MUTUAL"], Harmless("the host decides which clients it serves")] = "MUTUAL"
    """TLS mode. MUTUAL shows the host a client certificate."""
    secret: ObjectName | None = None
    """Name of a Secret in istio.namespace with the client certificate (`tls.crt`), its key (`tls.key`) and the CA of
    the host's certificate (`ca.crt`), such as cert-manager writes. SIMPLE reads `ca.crt` alone; without a Secret it
    trusts the public CAs of the proxy's image."""
    port: Annotated[ProxyPort | None, Harmless("the same host is called")] = None
    """Port of the host for TLS; by default 443 with protocol HTTP, and the caller's with TCP."""
    server_name: Annotated[Host | None, Harmless("the host shows a certificate for the name")] = None
    """Name that the gateway asks for (SNI) and that the host's certificate must have; by default the host's."""

    def conflicts(self) -> Iterator[str]:
        if self.mode == "MUTUAL" and self.secret is None:
            yield "mode MUTUAL needs secret, with the client certificate"


class ExternalService(NamespacedItem):
    """Hosts outside the cluster, as a ServiceEntry.

    With `proxy.outboundTraffic: REGISTRY_ONLY` only such hosts are reachable.
    """

    hosts: Annotated[tuple[OutsideHost, ...], Field(min_length=1)]
    """DNS names of the hosts; a name with a `*` is matched by the server name (SNI) that the caller sends."""
    protocol: Literal["TLS", "HTTP", "TCP"] = "TLS"
    """Protocol that the caller speaks; TLS is passed on unchanged and matched by its server name (SNI)."""
    port: ProxyPort | None = None
    """Port of the hosts; by default 443 for TLS and 80 for HTTP."""
    more_ports: tuple[ProxyPort, ...] = ()
    """Further ports of TCP hosts."""
    addresses: tuple[Address, ...] = ()
    """Addresses or CIDR ranges of TCP hosts. Without them, and without `proxy.dnsCapture`, the entry gets every
    connection to its port that no Service and no other entry claims, since TCP carries no host name."""
    through_gateway: bool = False
    """Send requests through the egress gateway, so that a firewall needs to admit the address of one pod only."""
    tls: Annotated[EgressTls | None, Weaker(goes, "requests leave the mesh in plain text")] = None
    """TLS that the egress gateway opens to the host for callers that speak plain HTTP or TCP; on the way to the gateway
    they are protected by mutual TLS."""

    @property
    def number(self) -> int:
        """Return the port, given or usual; 0 if there is none, which `conflicts` refuses."""
        return self.port or USUAL_PORTS.get(self.protocol, 0)

    @property
    def has_wildcard(self) -> bool:
        return any(host.startswith("*") for host in self.hosts)

    @property
    def has_range(self) -> bool:
        """Return True if sidecars know the hosts by a range of addresses, whatever its names are."""
        return not self.through_gateway and any("/" in address for address in self.addresses)

    @property
    def tls_port(self) -> int:
        """Return the port on which the egress gateway calls the host."""
        return (self.tls and self.tls.port) or (443 if self.protocol == "HTTP" and self.tls else self.number)

    @property
    def is_wrapped(self) -> bool:
        """Return True if callers reach the gateway by mutual TLS, whose server name says which host they mean."""
        return self.through_gateway and (self.tls is not None or self.protocol == "TCP")

    def conflicts(self) -> Iterator[str]:
        if self.through_gateway and self.has_wildcard:
            yield "throughGateway needs hosts without '*': it routes by host"
        if self.is_wrapped and len(self.hosts) > 1:
            reason = "tls" if self.tls else "protocol TCP through the gateway"
            yield f"{reason} takes one host; give each host an entry of its own"
        if self.tls and not self.through_gateway:
            yield "tls needs throughGateway: the egress gateway reads the Secret"
        if self.tls and self.protocol == "TLS":
            yield "tls needs protocol HTTP or TCP: with TLS the caller opens it"
        if self.port is None and self.protocol not in USUAL_PORTS:
            yield "protocol TCP has no usual port; give port"
        if "*" in self.hosts:
            yield "hosts has '*'; to allow every host set proxy.outboundTraffic: ALLOW_ANY"
        if self.more_ports and (self.protocol != "TCP" or self.through_gateway):
            yield "morePorts need protocol TCP without throughGateway"
        if self.addresses and self.protocol != "TCP":
            yield f"addresses need protocol TCP; with {self.protocol} the host is known by its name"
