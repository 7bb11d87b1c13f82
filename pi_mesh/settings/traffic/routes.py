"""Routes of requests to services."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated

from pydantic import AfterValidator, Field

from pi_mesh.model.base import Model
from pi_mesh.model.patterns import matching
from pi_mesh.settings.traffic.names import Duration, Host, NamespacedItem, ObjectName, Path, Percent, Port, ServiceHost

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


CONDITIONS = frozenset(
    {
        "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "retriable-4xx", "refused-stream",
        "retriable-status-codes", "retriable-headers", "envoy-ratelimited", "http3-post-connect-failure",
        "cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
    }
)  # fmt: skip
"""Conditions that Istio accepts in `retryOn` (its pkg/config/validation), besides HTTP status codes."""


def _known_conditions(value: str) -> str:
    statuses = {str(status.value) for status in HTTPStatus}
    if wrong := [word for word in value.split(",") if word not in CONDITIONS | statuses]:
        known = ", ".join(sorted(CONDITIONS))
        raise ValueError(
            f"has {', '.join(map(repr, wrong))}, which Istio refuses; give, separated by commas without blanks, status "
            f"codes and {known}"
        )
    return value


class Retries(Model):
    """Retries after a failed request."""

    attempts: Annotated[int, Field(ge=0, le=10)]
    """Largest number of retries; 0 disables them."""
    per_try_timeout: Duration | None = None
    """Time limit of each attempt."""
    retry_on: Annotated[str, AfterValidator(_known_conditions)] | None = None
    """Envoy's retry conditions, such as "5xx,reset"; by default Istio's own."""

    def conflicts(self) -> Iterator[str]:
        if not self.attempts and (self.per_try_timeout or self.retry_on):
            yield "attempts: 0 disables retries, and Istio then refuses perTryTimeout and retryOn; remove them"


class HttpRoute(Model):
    """One rule of a route. The first matching rule applies; a rule without a condition matches every request."""

    prefix: Path | None = None
    """Beginning of the request's path."""
    exact: Path | None = None
    """Whole path of the request."""
    headers: dict[HeaderName, str] = {}
    """Headers that must have exactly these values."""
    rewrite: Path | None = None
    """Path that replaces the matched prefix or path."""
    to: Annotated[tuple[RouteTarget, ...], Field(min_length=1)]
    """Destinations of the requests; several destinations share them by weight."""
    timeout: Duration | None = None
    """Time limit of a request, including its retries."""
    retries: Retries | None = None
    """Retries after failures; by default Istio's own: two, for failed connections."""

    @property
    def matches_everything(self) -> bool:
        return self.prefix in (None, "/") and self.exact is None and not self.headers

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
    http: Annotated[tuple[HttpRoute, ...], Field(min_length=1)]
    """Rules of the route, in the order in which they are tried."""

    def conflicts(self) -> Iterator[str]:
        if "*" in self.hosts and not self.gateways:
            yield "hosts has '*', which Istio accepts only at a gateway; set gateways, or list the hosts"


def wrong_sum(weights: list[int]) -> Iterator[str]:
    """Yield a sentence if the weights do not add up to 100 percent."""
    if sum(weights) != 100:
        yield f"weights {' + '.join(map(str, weights))} add up to {sum(weights)}; they must add up to 100"
