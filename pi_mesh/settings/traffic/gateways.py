"""The listeners of the ingress gateway."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from pi_mesh.facts import NAME, OFF, Harmless, Weaker, admits_more_addresses, becomes, goes, leaves, loses, widens_scope
from pi_mesh.model import IssuerName, Model, matching
from pi_mesh.settings.traffic.names import Address, HeaderName, Host, NamespacedItem, ObjectName, Path, ProxyPort, takes

Protocol = Literal["HTTP", "HTTP2", "GRPC", "HTTPS", "TLS", "TCP"]
PLAIN_HTTP = ("HTTP", "HTTP2", "GRPC")
"""Protocols that share a port and its routes: Envoy tells them apart by their first bytes."""
USUAL_PORTS = {"HTTP": 80, "HTTP2": 80, "HTTPS": 443, "TLS": 443}
CHART_PORTS = {"status-port": 15021, "http2": 80, "https": 443}
"""Ports that the gateway chart gives every gateway's Service, by name."""


class Server(NamedTuple):
    """One port of a listener, as an entry of the Gateway's `servers`."""

    key: str
    """Key of the port in the listener's settings."""
    number: int
    protocol: str

    @property
    def family(self) -> str:
        """Return the name of the protocols that may share the port: "HTTP", "TLS" (which includes HTTPS) or "TCP"."""
        if self.protocol in PLAIN_HTTP:
            return "HTTP"
        return "TCP" if self.protocol == "TCP" else "TLS"

    @property
    def port_name(self) -> str:
        """Return the name of the Service's port: the chart's, or one such as "tcp-9000"."""
        named = (name for name, number in CHART_PORTS.items() if number == self.number)
        return next(named, f"{self.protocol.lower()}-{self.number}")


PORT = Harmless("the same clients are served on another port")


class CertificateIssuer(Model):
    """The Issuer or ClusterIssuer of the cluster's cert-manager that signs a listener's certificate."""

    name: IssuerName
    """Name of the Issuer."""
    kind: Literal["Issuer", "ClusterIssuer"] = "Issuer"
    """Kind of the Issuer; one of kind Issuer must be in the gateway's namespace."""


class GatewayTls(Model):
    """The certificate of a listener, from a Secret: for HTTPS beside plain HTTP, or for protocol HTTPS or TLS."""

    secret: ObjectName
    """Name of a Secret of type kubernetes.io/tls in the gateway's namespace (ingress.namespace, or istio.namespace)."""
    port: Annotated[ProxyPort, PORT] = 443
    """Port on which the ingress gateway accepts HTTPS beside plain HTTP."""
    mode: Annotated[Literal["SIMPLE", "MUTUAL"], Weaker(becomes("SIMPLE"), "clients need no certificate")] = "SIMPLE"
    """TLS mode. MUTUAL also asks the client for a certificate; the Secret then needs `ca.crt`."""
    client_names: Annotated[
        tuple[Annotated[str, matching(r"^[^\s*]+$", 'a whole name such as "desk.example.org", without a "*"')], ...],
        Weaker(widens_scope, "more clients may connect"),
    ] = ()
    """Names of which a client's certificate must have one as a subject alternative name (DNS name, URI, e-mail or IP
    address); its subject does not count. By default every certificate that `ca.crt` signed is accepted."""
    redirect: Annotated[bool, Weaker(OFF, "plain HTTP is answered")] = False
    """Redirect plain HTTP to HTTPS."""
    issuer: Annotated[CertificateIssuer | None, NAME] = None
    """Issuer of the cluster's cert-manager that writes the Secret, for the listener's hosts; by default somebody else
    makes it."""

    def conflicts(self) -> Iterator[str]:
        if self.client_names and self.mode != "MUTUAL":
            yield f"clientNames need mode: MUTUAL; with {self.mode} clients show no certificate"


Requests = Annotated[int, Field(ge=1, le=1_000_000)]


class Limit(Model):
    """A limit of HTTP requests; those beyond it get 429. A request must keep every limit that counts it.

    Each pod of the gateway counts by itself, and each port: with two replicas clients get twice the limit.
    """

    requests: Requests
    """Number of requests in the time of `per`; they come back one by one, not all at its end."""
    per: Annotated[str, matching(r"^[1-9][0-9]{0,3}(s|m|h)$", 'a time in whole seconds, such as "1s" or "10m"')]
    """Time for the number of requests."""
    burst: Requests | None = None
    """Largest number of requests at once after a time without any; by default `requests`."""
    host: Host | None = None
    """Host whose requests are counted; by default all hosts of the listener together."""
    prefix: Path | None = None
    """Beginning of the path of the requests that are counted; by default all paths together."""
    by_address: bool = False
    """Count each client's address by itself, which the gateway knows as it does for `allowAddresses`."""
    by_header: HeaderName | None = None
    """Count each value of this request header by itself, and requests without it together. A client that chooses the
    value escapes; put a limit without it beside."""

    def conflicts(self) -> Iterator[str]:
        if self.burst and self.burst < self.requests:
            yield f"burst {self.burst} is below requests {self.requests}"
        if self.by_address and self.by_header:
            yield "byAddress and byHeader are both given; give each a limit of its own"


def _accepts_more_hosts(before: list[str], after: list[str]) -> bool:
    return not all(any(takes(pattern, host) for pattern in before) for host in after)


class IngressListener(NamespacedItem):
    """A Gateway, served by the ingress gateway's pods. The defaults are the Ansible role's."""

    hosts: Annotated[
        tuple[Host, ...], Field(min_length=1), Weaker(_accepts_more_hosts, "requests for more hosts are accepted")
    ] = ("*",)
    """Hosts for which the listener accepts requests."""
    protocol: Annotated[Protocol, Weaker(leaves("HTTPS", "TLS"), "clients may speak plain text")] = "HTTP"
    """Protocol of the port. HTTPS and TLS with `tls` end TLS at the gateway; TLS without it is passed on unchanged, by
    its server name (SNI)."""
    port: Annotated[ProxyPort | None, PORT] = None
    """Port on which the ingress gateway listens, which its Service gets too; by default 80 for HTTP and HTTP2, and 443
    for HTTPS and TLS."""
    tls: Annotated[GatewayTls | None, Weaker(goes, "clients may speak plain text")] = None
    """Certificate for HTTPS or TLS; with a plain HTTP protocol it adds an HTTPS listener on a port of its own."""
    allow_addresses: Annotated[tuple[Address, ...], Weaker(admits_more_addresses, "more clients are served")] = ()
    """Addresses and CIDR ranges of the only clients that are served, on all ports of the listener; by default all."""
    limits: Annotated[tuple[Limit, ...], Weaker(loses, "clients may send more requests")] = ()
    """Limits of the requests that the rules of the gateway admit; by default none."""

    @property
    def number(self) -> int:
        """Return the port, given or usual; 0 if there is none, which `conflicts` refuses."""
        return self.port or USUAL_PORTS.get(self.protocol, 0)

    @property
    def servers(self) -> tuple[Server, ...]:
        """Return the ports of the listener, the one of `port` first."""
        first = Server("port", self.number, self.protocol)
        return (first, Server("tls.port", self.tls.port, "HTTPS")) if self._adds_https and self.tls else (first,)

    @property
    def _adds_https(self) -> bool:
        return self.tls is not None and self.protocol in PLAIN_HTTP

    def conflicts(self) -> Iterator[str]:
        if self.port is None and self.protocol not in USUAL_PORTS:
            yield f"protocol {self.protocol} has no usual port; give port"
        elif self.tls and self._adds_https and self.tls.port == self.number:
            yield (
                f"port and tls.port are both {self.number}, and Istio would serve plain HTTP alone; give HTTPS a port "
                "of its own, or remove tls"
            )
        if self.protocol == "HTTPS" and self.tls is None:
            yield "protocol HTTPS needs tls; without a certificate TLS passes HTTPS on unchanged"
        if self.protocol == "TCP" and self.tls:
            yield "protocol TCP has no tls; protocol TLS ends TLS at the gateway and passes TCP on"
        if self.protocol == "TCP" and self.hosts != ("*",):
            yield "protocol TCP knows no hosts; remove hosts"
        if self.tls and not self._adds_https and {"port", "redirect"} & self.tls.model_fields_set:
            yield f"tls.port and tls.redirect need plain HTTP beside HTTPS; protocol {self.protocol} has port alone"
        if self.limits and self.protocol in ("TLS", "TCP"):
            yield f"limits count HTTP requests, and protocol {self.protocol} has none; remove them"
        for host in (limit.host for limit in self.limits if limit.host):
            if not any(takes(served, host) for served in self.hosts):
                yield f"limits have host {host}, for which the listener accepts no requests; add it to hosts"
        if self.tls and self.tls.issuer and "*" in self.hosts:
            yield "tls.issuer needs hosts by name: nobody signs a certificate for every host"


def door_conflicts(gateways: Mapping[str, IngressListener], minor: int, api: str) -> Iterator[str]:
    """Yield a sentence for what this version of Istio, or Gateway API, cannot do at a listener."""
    for name, listener in gateways.items():
        if listener.limits and minor < 26:  # the first with Envoy 1.34, which counts clients (envoyproxy/envoy#36623)
            yield f"traffic.gateways.{name}.limits need Istio 1.26 or newer; istio.version is 1.{minor}"
        if listener.tls and listener.tls.client_names and api == "gateway":
            yield f"traffic.gateways.{name}.tls.clientNames is no field of Gateway API; set traffic.api: istio"


def service_ports(listeners: Iterable[IngressListener]) -> dict[str, int]:
    """Return the ports of the ingress gateway's Service by name: the chart's, then those of the listeners."""
    servers = (server for listener in listeners for server in listener.servers)
    names: dict[int, str] = {}
    for server in sorted(servers, key=lambda server: (server.number, server.port_name)):
        names.setdefault(server.number, server.port_name)
    return {**CHART_PORTS, **{name: number for number, name in names.items()}}
