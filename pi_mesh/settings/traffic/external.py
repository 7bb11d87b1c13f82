"""Services of the workloads, and services outside the cluster."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pi_mesh.settings.traffic.names import IN_CLUSTER, Address, Host, Labels, NamespacedItem, Port, ProxyPort

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
    addresses: tuple[Address, ...] = ()
    """Addresses or CIDR ranges of TCP hosts. Without them the entry gets every connection to its port that no Service
    and no other entry claims, since TCP carries no host name."""
    through_gateway: bool = False
    """Send requests through the egress gateway, so that a firewall needs to admit the address of one pod only."""

    @property
    def number(self) -> int:
        """Return the port, given or usual; 0 if there is none, which `conflicts` refuses."""
        return self.port or USUAL_PORTS.get(self.protocol, 0)

    @property
    def has_wildcard(self) -> bool:
        return any(host.startswith("*") for host in self.hosts)

    def conflicts(self) -> Iterator[str]:
        if self.through_gateway and (self.protocol == "TCP" or self.has_wildcard):
            yield "throughGateway needs hosts without '*' and protocol TLS or HTTP: it routes by host"
        if self.port is None and self.protocol not in USUAL_PORTS:
            yield "protocol TCP has no usual port; give port"
        if "*" in self.hosts:
            yield "hosts has '*'; to allow every host set proxy.outboundTraffic: ALLOW_ANY"
        if self.addresses and self.protocol != "TCP":
            yield f"addresses need protocol TCP; with {self.protocol} the host is known by its name"
