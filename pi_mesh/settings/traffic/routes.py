"""Which requests go to which service."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated

from pydantic import AfterValidator, Field

from pi_mesh.model.base import Model
from pi_mesh.model.patterns import matching
from pi_mesh.settings.traffic.names import Duration, Host, ObjectName, Path, Percent, Port, ServiceHost

HeaderName = Annotated[
    str,
    matching(r"^:?[A-Za-z0-9!#$%&'*+.^_`|~-]+$", 'the name of an HTTP header such as "x-desk"'),
]


class RouteTarget(Model):
    """Where a share of the requests goes."""

    service: ServiceHost
    """Who answers."""
    port: Port | None = None
    """Needed where the Service has several."""
    subset: ObjectName | None = None
    """One of `traffic.destinations.*.subsets` of that service."""
    weight: Percent | None = None
    """Share in percent; needed where there are several targets."""


CONDITIONS = frozenset(
    {
        "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "retriable-4xx", "refused-stream",
        "retriable-status-codes", "retriable-headers", "envoy-ratelimited", "http3-post-connect-failure",
        "cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
    }
)  # fmt: skip
"""What Istio takes in `retryOn` (its pkg/config/validation), besides HTTP status codes."""


def _known_conditions(value: str) -> str:
    statuses = {str(status.value) for status in HTTPStatus}
    if wrong := [word for word in value.split(",") if word not in CONDITIONS | statuses]:
        known = ", ".join(sorted(CONDITIONS))
        raise ValueError(
            f"has {', '.join(map(repr, wrong))}, which Istio refuses; between commas, without blanks, it takes status "
            f"codes and {known}"
        )
    return value


class Retries(Model):
    """Trying again after a failure."""

    attempts: Annotated[int, Field(ge=0, le=10)]
    """How often at most; 0 never."""
    per_try_timeout: Duration | None = None
    """Time that each may take."""
    retry_on: Annotated[str, AfterValidator(_known_conditions)] | None = None
    """Envoy's conditions, such as "5xx,reset"; Istio's own choice if not given."""

    def conflicts(self) -> Iterator[str]:
        if not self.attempts and (self.per_try_timeout or self.retry_on):
            yield "attempts: 0 never tries again, and Istio refuses perTryTimeout and retryOn beside it; remove them"


class HttpRoute(Model):
    """One rule of a route; the first one that matches counts. Without a condition it matches everything."""

    prefix: Path | None = None
    """Beginning of the path."""
    exact: Path | None = None
    """The whole path."""
    headers: dict[HeaderName, str] = {}
    """Headers that must have exactly these values."""
    rewrite: Path | None = None
    """Replaces the matched prefix or path."""
    to: Annotated[tuple[RouteTarget, ...], Field(min_length=1)]
    """Where the requests go; several share them by weight."""
    timeout: Duration | None = None
    """Time that a request may take in all."""
    retries: Retries | None = None
    """Istio's own if not given: two, for failed connections."""

    @property
    def matches_everything(self) -> bool:
        return self.prefix in (None, "/") and self.exact is None and not self.headers

    def conflicts(self) -> Iterator[str]:
        if self.prefix is not None and self.exact is not None:
            yield "prefix and exact are both given; a rule has one of them"
        if len(self.to) > 1 or any(target.weight is not None for target in self.to):
            yield from wrong_sum([target.weight or 0 for target in self.to])


class Route(Model):
    """A VirtualService of the trading namespace."""

    hosts: Annotated[tuple[Host, ...], Field(min_length=1)]
    """Hosts that requests are for."""
    gateways: tuple[ObjectName, ...] = ()
    """Names of `traffic.gateways`; empty: requests of the mesh's own workloads."""
    http: Annotated[tuple[HttpRoute, ...], Field(min_length=1)]
    """The rules, in the order in which they are tried."""

    def conflicts(self) -> Iterator[str]:
        if "*" in self.hosts and not self.gateways:
            yield "hosts has '*', which Istio takes at a gateway only; name gateways, or the hosts"


def wrong_sum(weights: list[int]) -> Iterator[str]:
    """Yield a sentence for weights that are not 100 percent together."""
    if sum(weights) != 100:
        yield f"weights {' + '.join(map(str, weights))} add up to {sum(weights)}; they must add up to 100"
