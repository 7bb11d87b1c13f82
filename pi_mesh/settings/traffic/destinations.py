"""What callers of a service keep to: its versions (subsets), the circuit breaker and the canary."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from pi_mesh.model.base import Model
from pi_mesh.settings.traffic.names import Duration, Labels, ObjectName, Path, Percent, ServiceHost
from pi_mesh.settings.traffic.routes import wrong_sum

Count = Annotated[int, Field(ge=1, le=1_000_000)]


class CircuitBreaker(Model):
    """Limits a caller's sidecar sets itself, and when it leaves a failing pod alone. The numbers are the role's."""

    max_connections: Count = 100
    """TCP connections to the service."""
    max_pending_requests: Count = 100
    """HTTP/1.1 requests that wait for a connection."""
    max_requests_per_connection: Count = 2
    """Then a connection is closed."""
    consecutive_errors: Count = 5
    """Answers 5xx in a row after which a pod gets no requests."""
    interval: Duration = "30s"
    """Between two looks at the errors."""
    ejection_time: Duration = "30s"
    """How long the pod gets none, at first; longer each time."""
    max_ejection_percent: Annotated[int, Field(ge=1, le=100)] | None = None
    """Part of the pods that may be left out at once; Istio's 10 percent if not given: none of fewer than ten pods."""


class Destination(Model):
    """A DestinationRule of the trading namespace."""

    service: ServiceHost
    """Whose callers are meant; one destination for each service."""
    subsets: dict[ObjectName, Labels] = {}
    """Versions of the service by name: the labels their pods carry."""
    circuit_breaker: CircuitBreaker | None = None
    """`{}` switches it on with the role's numbers."""

    def conflicts(self) -> Iterator[str]:
        if not self.subsets and self.circuit_breaker is None:
            yield "has neither subsets nor circuitBreaker; give one of them"


class Canary(Model):
    """A new version of a service beside the old one: some paths go to it wholly, of the rest a share."""

    service: ServiceHost
    """Its subsets are those of `traffic.destinations`."""
    paths: dict[Path, ObjectName] = {}
    """Path prefix -> subset that gets all its requests; comes before the weights, longer prefixes first."""
    weights: Annotated[dict[ObjectName, Percent], Field(min_length=1)] = {"v1": 90, "v2": 10}
    """Subset -> share of all other requests, in percent."""

    def conflicts(self) -> Iterator[str]:
        yield from wrong_sum(list(self.weights.values()))
