"""Versions (subsets) of services, their circuit breakers and their canaries."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from pi_mesh.model.base import Model
from pi_mesh.settings.traffic.names import Duration, Labels, NamespacedItem, ObjectName, Path, Percent, ServiceHost
from pi_mesh.settings.traffic.routes import wrong_sum

Count = Annotated[int, Field(ge=1, le=1_000_000)]


class CircuitBreaker(Model):
    """A circuit breaker: a caller's own limits, and the ejection of failing pods.

    The defaults are the Ansible role's.
    """

    max_connections: Count = 100
    """Largest number of TCP connections to the service."""
    max_pending_requests: Count = 100
    """Largest number of HTTP/1.1 requests that wait for a connection."""
    max_requests_per_connection: Count = 2
    """Number of requests after which a connection is closed."""
    consecutive_errors: Count = 5
    """Number of consecutive 5xx answers after which a pod is ejected and gets no requests."""
    interval: Duration = "30s"
    """Time between two checks of the pods' errors."""
    ejection_time: Duration = "30s"
    """Time for which a pod is ejected at first; each further ejection is longer."""
    max_ejection_percent: Annotated[int, Field(ge=1, le=100)] | None = None
    """Largest percentage of pods that may be ejected at once. Istio's default of 10 ejects none of fewer than ten
    pods."""


class Destination(NamespacedItem):
    """A DestinationRule."""

    service: ServiceHost
    """Service whose callers the rule applies to; each service has at most one destination."""
    subsets: dict[ObjectName, Labels] = {}
    """Versions of the service by name, each with the labels of its pods."""
    circuit_breaker: CircuitBreaker | None = None
    """Circuit breaker of the service; `{}` enables it with the Ansible role's numbers."""

    def conflicts(self) -> Iterator[str]:
        if not self.subsets and self.circuit_breaker is None:
            yield "has neither subsets nor circuitBreaker; give one of them"


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
