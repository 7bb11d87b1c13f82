"""Services: the trading platform's own, and those outside the cluster."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pi_mesh.model.base import Model
from pi_mesh.settings.traffic.names import Host, Labels, Port, ProxyPort

USUAL_PORTS = {"TLS": 443, "HTTP": 80}


IN_CLUSTER = (".svc", ".svc.cluster.local")
"""Services; a pod's own DNS name (`10-1-0-7.shop.pod.cluster.local`) may be outside the mesh."""


def _outside(host: str) -> str:
    if host.endswith(IN_CLUSTER):
        raise ValueError("is a Service of the cluster, which sidecars know; for another namespace's set sidecarScope")
    if host.rpartition(".")[2].isdigit():
        raise ValueError("is an address, which Istio takes for no host; give the DNS name")
    return host


def _address(value: str) -> str:
    try:
        ip_network(value)
    except ValueError:
        raise ValueError('is neither an IP address nor a range such as "10.1.0.0/16"') from None
    return value


OutsideHost = Annotated[Host, AfterValidator(_outside)]
Address = Annotated[str, AfterValidator(_address)]


class DeclaredService(Model):
    """A Service that somebody else (ArgoCD, say) makes in the trading namespace, so that routes may name it before."""

    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    """The Service's."""
    selector: Labels | None = None
    """The labels of its pods; with them the checks see which policies hold for it."""


class ExternalService(Model):
    """Hosts outside the cluster, as a ServiceEntry. With `proxy.outboundTraffic: REGISTRY_ONLY` no others."""

    hosts: Annotated[tuple[OutsideHost, ...], Field(min_length=1)]
    """DNS names; those with a `*` are known by the server name that the caller gives."""
    protocol: Literal["TLS", "HTTP", "TCP"] = "TLS"
    """What the caller speaks; TLS is passed on as it is, known by its server name (SNI)."""
    port: ProxyPort | None = None
    """If not given: 443 for TLS, 80 for HTTP."""
    addresses: tuple[Address, ...] = ()
    """Addresses or CIDR ranges of TCP hosts. Without them the entry gets every connection to its port that no Service
    and no other entry claims, since TCP names no host."""
    through_gateway: bool = False
    """Requests leave through the egress gateway, so that one pod's address is all that a firewall needs to admit."""

    @property
    def number(self) -> int:
        """The port, given or usual."""
        return self.port or USUAL_PORTS[self.protocol]

    @property
    def has_wildcard(self) -> bool:
        return any(host.startswith("*") for host in self.hosts)

    def conflicts(self) -> Iterator[str]:
        if self.through_gateway and (self.protocol == "TCP" or self.has_wildcard):
            yield "throughGateway needs hosts without '*' and protocol TLS or HTTP: it routes by host"
        if self.port is None and self.protocol not in USUAL_PORTS:
            yield "protocol TCP has no usual port; give port"
        if "*" in self.hosts:
            yield "hosts has '*'; to let every host out set proxy.outboundTraffic to ALLOW_ANY"
        if self.addresses and self.protocol != "TCP":
            yield f"addresses go with protocol TCP; with {self.protocol} the host is known by its name"
