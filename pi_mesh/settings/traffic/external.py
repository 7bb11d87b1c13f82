"""Services: the trading platform's own, and those outside the cluster."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from pi_mesh.model.base import Model
from pi_mesh.settings.traffic.names import Host, Labels, Port

USUAL_PORTS = {"TLS": 443, "HTTP": 80}


class DeclaredService(Model):
    """A Service that somebody else (ArgoCD, say) makes in the trading namespace, so that routes may name it before."""

    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    """The Service's."""
    selector: Labels | None = None
    """The labels of its pods; with them the checks see which policies hold for it."""


class ExternalService(Model):
    """Hosts outside the cluster, as a ServiceEntry. With `proxy.outboundTraffic: REGISTRY_ONLY` no others."""

    hosts: Annotated[tuple[Host, ...], Field(min_length=1)]
    """DNS names; those with a `*` are known by the server name that the caller gives."""
    protocol: Literal["TLS", "HTTP", "TCP"] = "TLS"
    """What the caller speaks; TLS is passed on as it is, known by its server name (SNI)."""
    port: Port | None = None
    """If not given: 443 for TLS, 80 for HTTP."""
    through_gateway: bool = False
    """Requests leave through the egress gateway, so that one pod's address is all that a firewall needs to admit."""

    @property
    def number(self) -> int:
        """The port, given or usual."""
        return self.port or USUAL_PORTS[self.protocol]

    @property
    def has_wildcard(self) -> bool:
        return any(host.startswith("*") for host in self.hosts)

    @model_validator(mode="after")
    def gateway_can_tell_hosts(self) -> Self:
        if self.through_gateway and (self.protocol == "TCP" or self.has_wildcard):
            raise PydanticCustomError(
                "egress_route", "throughGateway needs hosts without '*' and protocol TLS or HTTP: it routes by host"
            )
        return self

    @model_validator(mode="after")
    def tcp_has_a_port(self) -> Self:
        if self.port is None and self.protocol not in USUAL_PORTS:
            raise PydanticCustomError("no_port", "protocol TCP has no usual port; give port")
        return self

    @model_validator(mode="after")
    def any_host_is_no_entry(self) -> Self:
        if "*" in self.hosts:
            raise PydanticCustomError(
                "any_host", "hosts has '*'; to let every host out set proxy.outboundTraffic to ALLOW_ANY"
            )
        return self
