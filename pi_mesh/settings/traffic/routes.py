"""Routes of requests to services."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from pi_mesh.model.base import Model
from pi_mesh.model.patterns import matching
from pi_mesh.settings.traffic.names import (
    Duration,
    Host,
    Method,
    NamespacedItem,
    ObjectName,
    Path,
    Percent,
    Port,
    ServiceHost,
)
from pi_mesh.settings.traffic.retries import Retries

HeaderName = Annotated[
    str,
    matching(r"^:?[A-Za-z0-9!#$%&'*+.^_`|~-]+$", 'the name of an HTTP header such as "x-desk"'),
]


class RouteTarget(Model):
    """The destination of a share of the requests."""

    service: ServiceHost
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

    prefix: Path | None = None
    """Beginning of the request's path."""
    exact: Path | None = None
    """Whole path of the request."""
    headers: dict[HeaderName, str] = {}
    """Headers that must have exactly these values."""
    methods: tuple[Method, ...] = ()
    """HTTP methods of the request; by default every method."""
    rewrite: Path | None = None
    """Path that replaces the matched prefix or path."""
    to: Annotated[tuple[RouteTarget, ...], Field(min_length=1)]
    """Destinations of the requests; several destinations share them by weight."""
    timeout: Duration | None = None
    """Time limit of a request, including its retries."""
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
