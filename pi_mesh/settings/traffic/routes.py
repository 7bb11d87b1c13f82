"""Routes of requests to services; the services' versions (subsets), circuit breakers, connections and canaries."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from pi_mesh.facts import duration
from pi_mesh.model import PERCENT, Duration, Model, matching, spelled
from pi_mesh.settings.traffic.names import (
    HEADER_NAME,
    HeaderName,
    Host,
    Labels,
    Method,
    NamespacedItem,
    ObjectName,
    Path,
    Percent,
    Port,
    ServiceHost,
)
from pi_mesh.settings.traffic.retries import Retries


class RouteTarget(Model):
    """The destination of a share of the requests."""

    service: Annotated[ServiceHost, spelled("destination")]
    """Service that answers the requests."""
    port: Port | None = None
    """Port of the Service, needed if the Service has several."""
    subset: ObjectName | None = None
    """Subset of that service in `traffic.destinations`."""
    weight: Percent | None = None
    """Percentage of the requests, needed if there are several destinations."""


READ_ONLY = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing on the server (RFC 9110, section 9.2.1)."""


class HttpRoute(Model):
    """One rule of a route. The first matching rule applies; a rule without a condition matches every request."""

    prefix: Annotated[Path | None, spelled("match")] = None
    """Beginning of the request's path."""
    exact: Annotated[Path | None, spelled("match")] = None
    """Whole path of the request."""
    headers: Annotated[dict[HeaderName, str], spelled("match")] = {}
    """Headers that must have exactly these values."""
    methods: Annotated[tuple[Method, ...], spelled("match")] = ()
    """HTTP methods of the request; by default every method."""
    rewrite: Path | None = None
    """Path that replaces the matched prefix or path."""
    to: Annotated[tuple[RouteTarget, ...], Field(min_length=1), spelled("route")]
    """Destinations of the requests; several destinations share them by weight."""
    timeout: Duration | None = None
    """Time limit of a request, including its retries; by default none. It ends gRPC streams and long polls too, but no
    WebSocket."""
    retries: Retries | None = None
    """Retries after failures; by default those of `proxy.defaultRetries`."""

    @property
    def matches_everything(self) -> bool:
        return self.prefix in (None, "/") and self.exact is None and not self.headers and not self.methods

    @property
    def is_read_only(self) -> bool:
        """Return True if the rule matches requests alone that change nothing."""
        methods = self.methods or tuple(value for name, value in self.headers.items() if name == ":method")
        return bool(methods) and READ_ONLY.issuperset(methods)

    def conflicts(self) -> Iterator[str]:
        if self.prefix is not None and self.exact is not None:
            yield "prefix and exact are both given; a rule has one of them"
        if len(self.to) > 1 or any(target.weight is not None for target in self.to):
            yield from wrong_sum([target.weight or 0 for target in self.to])


class Route(NamespacedItem):
    """A VirtualService."""

    hosts: Annotated[tuple[Host, ...], Field(min_length=1)]
    """Hosts whose requests the route applies to."""
    gateways: tuple[ObjectName, ...] = ()
    """Names of `traffic.gateways` whose requests the route applies to; by default requests of the mesh's own
    workloads."""
    http: tuple[HttpRoute, ...] = ()
    """Rules for HTTP requests, in the order in which they are tried."""
    tcp: tuple[RouteTarget, ...] = ()
    """Destinations of TCP connections, of listeners with protocol TCP, or TLS with `tls`."""
    tls: tuple[RouteTarget, ...] = ()
    """Destinations of TLS connections that are passed on unchanged, whose server name (SNI) is one of `hosts`."""

    def conflicts(self) -> Iterator[str]:
        if not (self.http or self.tcp or self.tls):
            yield "has no rule; give http, tcp or tls"
        for targets in (self.tcp, self.tls):
            if len(targets) > 1 or any(target.weight is not None for target in targets):
                yield from wrong_sum([target.weight or 0 for target in targets])
        if "*" in self.hosts and not self.gateways:
            yield "hosts has '*', which Istio accepts only at a gateway; set gateways, or list the hosts"


def wrong_sum(weights: list[int]) -> Iterator[str]:
    """Yield a sentence if the weights do not add up to 100 percent."""
    if sum(weights) != 100:
        yield f"weights {' + '.join(map(str, weights))} add up to {sum(weights)}; they must add up to 100"


Count = Annotated[int, Field(ge=1, le=1_000_000)]


class CircuitBreaker(Model):
    """A circuit breaker: a caller's own limits, and the ejection of failing pods.

    The defaults are the Ansible role's.
    """

    max_connections: Count = 100
    """Largest number of connections to the service from one proxy; further TCP is refused, further WebSockets wait."""
    max_pending_requests: Count = 100
    """Largest number of HTTP/1.1 requests that wait for a connection."""
    max_requests_per_connection: Count = 2
    """Number of requests after which a connection is closed; its open gRPC streams and WebSockets go on."""
    consecutive_errors: Count = 5
    """Number of consecutive 5xx answers after which a pod is ejected and gets no requests."""
    interval: Duration = "30s"
    """Time between two checks of the pods' errors."""
    ejection_time: Duration = "30s"
    """Time for which a pod is ejected at first; each further ejection is longer."""
    max_ejection_percent: Annotated[int, PERCENT] | None = None
    """Largest percentage of pods that may be ejected at once. Istio's default of 10 ejects none of fewer than ten
    pods."""


KeepaliveTime = Annotated[
    str, matching(r"^([1-9][0-9]{0,3}s|[1-9][0-9]?m|[1-9]h)$", 'whole seconds, at most 9h, such as "60s"')
]
"""Time for the kernel, which knows whole seconds: above 32767 (MAX_TCP_KEEPIDLE) it would refuse each connection."""


class TcpKeepalive(Model):
    """Probes of a silent connection, which find a dead peer. They do not count as data: idle time-outs go on."""

    time: KeepaliveTime = "60s"
    """Silence after which the first probe is sent."""
    interval: KeepaliveTime = "10s"
    """Time between two probes."""
    probes: Annotated[int, Field(ge=1, le=127)] = 3
    """Number of unanswered probes after which the connection is closed."""


class Connections(Model):
    """Bounds of the connections to a service, from sidecars and from the ingress gateway."""

    heartbeat: Duration = "30s"
    """Time between two heartbeats of the service's TCP sessions, which tcpIdleTimeout must exceed (FIX: HeartBtInt)."""
    connect_timeout: Duration | None = None
    """Time limit for establishing a connection; by default 10s."""
    tcp_keepalive: TcpKeepalive | None = None
    """TCP keepalive; `{}` enables it with the numbers below."""
    tcp_idle_timeout: Duration | None = None
    """Silence after which a TCP connection is closed, by default 1h; HTTP connections take it as their httpIdleTimeout
    unless that is given. Needs Istio 1.21."""
    http_idle_timeout: Duration | None = None
    """Time without a request after which an HTTP connection is closed; by default 1h. A gRPC stream, a WebSocket or a
    long poll is a request until it ends."""
    max_connection_duration: Duration | None = None
    """Age at which a TCP connection is closed, even in use; by default none. An HTTP connection of that age gets no new
    requests, and its gRPC streams and WebSockets go on."""
    http2_max_requests: Count | None = None
    """Largest number of HTTP requests at once from one proxy, HTTP/1.1 too. Each gRPC stream or WebSocket is one."""
    max_concurrent_streams: Count | None = None
    """Largest number of gRPC streams and other requests at once on one HTTP/2 connection. Needs Istio 1.21."""

    def conflicts(self) -> Iterator[str]:
        if not any(value for name, value in self if name != "heartbeat"):
            yield "bounds nothing; give tcpKeepalive, a time-out or a limit, or remove it"
        idle, keepalive = self.tcp_idle_timeout, self.tcp_keepalive and self.tcp_keepalive.time
        if idle and duration(idle) <= duration(self.heartbeat):
            yield f"tcpIdleTimeout {idle} is not above heartbeat {self.heartbeat}, and would close sessions between two"
        if idle and keepalive and duration(idle) <= duration(keepalive):
            yield f"tcpIdleTimeout {idle} is not above tcpKeepalive.time {keepalive}, and no probe would be sent"
        if idle and (life := self.max_connection_duration) and duration(life) <= duration(idle):
            yield f"maxConnectionDuration {life} is not above tcpIdleTimeout {idle}, which would never be reached"


class StickyCookie(Model):
    """A cookie that names a session."""

    name: Annotated[str, matching(HEADER_NAME, 'the name of a cookie such as "desk"')]
    """Name of the cookie."""
    ttl: Duration | None = None
    """Lifetime of the cookie that a proxy sets where a request has none; by default the application sets the cookie."""


class Sticky(Model):
    """The choice of a pod by one hash, so that a client stays with it until pods come, go or are ejected."""

    header: HeaderName | None = None
    """HTTP header whose value is hashed; a request without it goes to any pod."""
    cookie: StickyCookie | None = None
    """HTTP cookie whose value is hashed."""
    source_address: bool = False
    """Hash the caller's address, the only hash for TCP. A sidecar knows one caller, its own pod; the ingress gateway
    sees clients as `allowAddresses` does."""

    def conflicts(self) -> Iterator[str]:
        if (count := sum(map(bool, (self.header, self.cookie, self.source_address)))) != 1:
            yield f"gives {count or 'no'} kinds of hash; give one of header, cookie and sourceAddress"


class Destination(NamespacedItem):
    """A DestinationRule."""

    service: Annotated[ServiceHost, spelled("host")]
    """Service whose callers the rule applies to; each service has at most one destination."""
    subsets: dict[ObjectName, Labels] = {}
    """Versions of the service by name, each with the labels of its pods."""
    circuit_breaker: Annotated[CircuitBreaker | None, spelled("trafficPolicy")] = None
    """Circuit breaker of the service; `{}` enables it with the Ansible role's numbers."""
    connections: Annotated[Connections | None, spelled("trafficPolicy")] = None
    """Bounds of the connections to the service; by default Istio's."""
    sticky: Annotated[Sticky | None, spelled("trafficPolicy")] = None
    """Sticky sessions; by default each request goes to the pod with the fewest open requests."""

    def conflicts(self) -> Iterator[str]:
        if not (self.subsets or self.circuit_breaker or self.connections or self.sticky):
            yield "says nothing; give subsets, circuitBreaker, connections or sticky"
        streams = (self.connections and self.connections.max_concurrent_streams) or 0
        if self.circuit_breaker and streams > (most := self.circuit_breaker.max_requests_per_connection):
            yield f"connections.maxConcurrentStreams {streams} is above circuitBreaker.maxRequestsPerConnection {most}"


class Canary(NamespacedItem):
    """A new version of a service beside the old one: some paths go to it entirely, the other requests by weight."""

    service: ServiceHost
    """Service whose subsets `traffic.destinations` defines."""
    paths: dict[Path, ObjectName] = {}
    """Subset by path prefix, which gets all requests with that prefix. Prefixes apply before weights, longer ones
    first."""
    weights: Annotated[dict[ObjectName, Percent], Field(min_length=1)] = {"v1": 90, "v2": 10}
    """Percentage of all other requests by subset."""

    def conflicts(self) -> Iterator[str]:
        yield from wrong_sum(list(self.weights.values()))
