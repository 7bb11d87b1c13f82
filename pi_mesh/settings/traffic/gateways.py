"""The listeners of the ingress gateway."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from pi_mesh.model.base import Model
from pi_mesh.settings.traffic.names import Host, NamespacedItem, ObjectName, ProxyPort


class GatewayTls(Model):
    """An HTTPS listener beside the HTTP one, with a certificate from a Secret."""

    secret: ObjectName
    """Name of a Secret of type kubernetes.io/tls in the gateway's namespace (ingress.namespace, or istio.namespace)."""
    port: ProxyPort = 443
    """Port on which the ingress gateway accepts HTTPS."""
    mode: Literal["SIMPLE", "MUTUAL"] = "SIMPLE"
    """TLS mode. MUTUAL also asks the client for a certificate; the Secret then needs `ca.crt`."""
    redirect: bool = False
    """Redirect plain HTTP to HTTPS."""


class IngressListener(NamespacedItem):
    """A Gateway, served by the ingress gateway's pods. The defaults are the Ansible role's."""

    hosts: Annotated[tuple[Host, ...], Field(min_length=1)] = ("*",)
    """Hosts for which the listener accepts requests."""
    port: ProxyPort = 80
    """Port on which the ingress gateway accepts plain HTTP."""
    tls: GatewayTls | None = None
    """HTTPS listener beside plain HTTP."""

    def conflicts(self) -> Iterator[str]:
        if self.tls and self.tls.port == self.port:
            yield (
                f"port and tls.port are both {self.port}, and Istio would serve plain HTTP alone; give HTTPS a port of "
                "its own, or remove tls"
            )
