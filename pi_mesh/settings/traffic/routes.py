"""Which requests go to which service."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from pi_mesh.model.base import Model
from pi_mesh.settings.traffic.names import Duration, Host, ObjectName, Path, Percent, Port, ServiceHost


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


class Retries(Model):
    """Trying again after a failure."""

    attempts: Annotated[int, Field(ge=0, le=10)]
    """How often at most; 0 never."""
    per_try_timeout: Duration | None = None
    """Time that each may take."""
    retry_on: str | None = None
    """Envoy's conditions, such as "5xx,reset"; Istio's own choice if not given."""


class HttpRoute(Model):
    """One rule of a route; the first one that matches counts. Without a condition it matches everything."""

    prefix: Path | None = None
    """Beginning of the path."""
    exact: Path | None = None
    """The whole path."""
    headers: dict[str, str] = {}
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

    @model_validator(mode="after")
    def one_path_condition(self) -> Self:
        if self.prefix is not None and self.exact is not None:
            raise PydanticCustomError("two_paths", "prefix and exact are both given; a rule has one of them")
        return self

    @model_validator(mode="after")
    def weights_add_up(self) -> Self:
        if len(self.to) > 1 or any(target.weight is not None for target in self.to):
            refuse_wrong_sum([target.weight or 0 for target in self.to])
        return self


class Route(Model):
    """A VirtualService of the trading namespace."""

    hosts: Annotated[tuple[Host, ...], Field(min_length=1)]
    """Hosts that requests are for."""
    gateways: tuple[ObjectName, ...] = ()
    """Names of `traffic.gateways`; empty: requests of the mesh's own workloads."""
    http: Annotated[tuple[HttpRoute, ...], Field(min_length=1)]
    """The rules, in the order in which they are tried."""


def refuse_wrong_sum(weights: list[int]) -> None:
    """Raises for weights that are not 100 percent together."""
    if sum(weights) != 100:
        shown = " + ".join(map(str, weights))
        raise PydanticCustomError(
            "weights", "weights {shown} add up to {sum}; they must add up to 100", {"shown": shown, "sum": sum(weights)}
        )
