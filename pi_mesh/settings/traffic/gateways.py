"""What the ingress gateway listens to."""

from typing import Annotated, Literal

from pydantic import Field

from pi_mesh.model.base import Model
from pi_mesh.settings.traffic.names import Host, ObjectName, Port


class GatewayTls(Model):
    """HTTPS beside HTTP, with a certificate from a Secret."""

    secret: ObjectName
    """A Secret of type kubernetes.io/tls in the control plane's namespace, where the gateway runs."""
    port: Port = 443
    """Of HTTPS."""
    mode: Literal["SIMPLE", "MUTUAL"] = "SIMPLE"
    """MUTUAL also asks the client for a certificate; the Secret then carries `ca.crt`."""
    redirect: bool = False
    """Answer plain HTTP with a redirect to HTTPS."""


class IngressListener(Model):
    """A Gateway of the trading namespace, served by the ingress gateway's pods. The default is the role's."""

    hosts: Annotated[tuple[Host, ...], Field(min_length=1)] = ("*",)
    """Hosts that it takes requests for."""
    port: Port = 80
    """Of plain HTTP."""
    tls: GatewayTls | None = None
    """HTTPS beside it."""
