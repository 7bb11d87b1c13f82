"""What the ingress gateway listens to."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from pi_mesh.model.base import Model
from pi_mesh.settings.traffic.names import Host, ObjectName, ProxyPort


class GatewayTls(Model):
    """HTTPS beside HTTP, with a certificate from a Secret."""

    secret: ObjectName
    """A Secret of type kubernetes.io/tls in the gateway's namespace: ingress.namespace, or the control plane's."""
    port: ProxyPort = 443
    """Of HTTPS."""
    mode: Literal["SIMPLE", "MUTUAL"] = "SIMPLE"
    """MUTUAL also asks the client for a certificate; the Secret then carries `ca.crt`."""
    redirect: bool = False
    """Answer plain HTTP with a redirect to HTTPS."""


class IngressListener(Model):
    """A Gateway of the trading namespace, served by the ingress gateway's pods. The default is the role's."""

    hosts: Annotated[tuple[Host, ...], Field(min_length=1)] = ("*",)
    """Hosts that it takes requests for."""
    port: ProxyPort = 80
    """Of plain HTTP."""
    tls: GatewayTls | None = None
    """HTTPS beside it."""

    def conflicts(self) -> Iterator[str]:
        if self.tls and self.tls.port == self.port:
            yield (
                f"port and tls.port are both {self.port}, and Istio serves the plain one alone; give HTTPS a port of "
                "its own, or remove tls"
            )
