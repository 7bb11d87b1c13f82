"""Retries of requests, and the conditions under which no request is processed twice."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated

from pydantic import AfterValidator, Field

from pi_mesh.facts import ON, Harmless, Weaker
from pi_mesh.model import Duration, Model

NEVER_DELIVERED = ("connect-failure", "refused-stream")
"""Conditions under which no request was processed: there was no connection, or the server refused the stream."""
SAFE_CONDITIONS = frozenset({*NEVER_DELIVERED, "reset-before-request"})
"""All such conditions (envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on).
Istio 1.20 does not know the third."""
RETRY_CONDITIONS = SAFE_CONDITIONS | {
    "5xx", "gateway-error", "reset", "retriable-4xx", "retriable-status-codes", "retriable-headers",
    "envoy-ratelimited", "http3-post-connect-failure",
    "cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
}  # fmt: skip
"""Conditions that Istio accepts in `retryOn` (its pkg/config/validation), besides HTTP status codes."""


def _known_conditions(value: str) -> str:
    statuses = {str(status.value) for status in HTTPStatus}
    if wrong := [word for word in value.split(",") if word not in RETRY_CONDITIONS | statuses]:
        known = ", ".join(sorted(RETRY_CONDITIONS))
        raise ValueError(
            f"has {', '.join(map(repr, wrong))}, which Istio refuses; give, separated by commas without blanks, status "
            f"codes and {known}"
        )
    return value


REPEATED = "proxies may repeat requests that were processed"
SAFE = Harmless("without `idempotent` no request that was processed is repeated")


class Retries(Model):
    """Retries after a failed request."""

    attempts: Annotated[int, Field(ge=0, le=10), SAFE]
    """Largest number of retries; 0 disables them."""
    per_try_timeout: Annotated[Duration | None, SAFE] = None
    """Time limit of each attempt."""
    retry_on: Annotated[Annotated[str, AfterValidator(_known_conditions)] | None, SAFE] = None
    """Envoy's retry conditions, such as "5xx,reset"; by default "connect-failure,refused-stream", under which the
    failed request was never processed."""
    idempotent: Annotated[bool, Weaker(ON, REPEATED)] = False
    """Repeat requests of every method under every condition of `retryOn`: the service processes a repeated request
    only once."""

    @property
    def conditions(self) -> str:
        """Return the retry conditions, given or by default."""
        return self.retry_on or ",".join(NEVER_DELIVERED)

    @property
    def unsafe(self) -> tuple[str, ...]:
        """Return the conditions under which the failed request may have been processed."""
        return tuple(word for word in self.conditions.split(",") if word not in SAFE_CONDITIONS)

    def conflicts(self) -> Iterator[str]:
        if not self.attempts and (self.per_try_timeout or self.retry_on):
            yield "attempts: 0 disables retries, and Istio then refuses perTryTimeout and retryOn; remove them"
