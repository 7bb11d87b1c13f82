"""Typed resource profiles: what a container asks for and may use."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from pi_mesh.model.base import Model, Replicas
from pi_mesh.quantities import Cpu, Memory, Resources


class Amounts(Model):
    """CPU and memory, together."""

    cpu: Cpu
    memory: Memory

    @property
    def resources(self) -> Resources:
        """The same as whole numbers that add up."""
        return Resources(self.cpu.millicores, self.memory.bytes)


class ResourceProfile(Model):
    """A container's requests and limits; both always set, so that a Pi cannot be overrun."""

    requests: Amounts
    limits: Amounts

    @model_validator(mode="after")
    def requests_within_limits(self) -> Self:
        for name in ("cpu", "memory"):
            request, limit = getattr(self.requests, name), getattr(self.limits, name)
            if request > limit:
                raise PydanticCustomError(
                    "request_above_limit",
                    "requests.{name} {request} is above limits.{name} {limit}; a request is at most its limit",
                    {"name": name, "request": str(request), "limit": str(limit)},
                )
        return self

    def to_kubernetes(self) -> dict[str, dict[str, str]]:
        """The `resources` of a container."""
        return {"requests": self.requests.resources.to_kubernetes(), "limits": self.limits.resources.to_kubernetes()}


class Autoscaling(Model):
    """A HorizontalPodAutoscaler; off unless asked for: it needs a metrics server, and room for its maximum."""

    enabled: bool = False
    min_replicas: Replicas = 1
    max_replicas: Replicas = 2
    target_cpu: Annotated[int, Field(ge=1, le=100)] = 80
    """Average CPU utilisation to aim at, in percent of the request."""

    @model_validator(mode="after")
    def minimum_within_maximum(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise PydanticCustomError(
                "minimum_above_maximum",
                "minReplicas {low} is above maxReplicas {high}",
                {"low": self.min_replicas, "high": self.max_replicas},
            )
        return self


def profile(cpu: str, memory: str, cpu_limit: str, memory_limit: str) -> ResourceProfile:
    """A profile from four quantities: requests, then limits."""
    return ResourceProfile(
        requests=Amounts(cpu=Cpu(cpu), memory=Memory(memory)),
        limits=Amounts(cpu=Cpu(cpu_limit), memory=Memory(memory_limit)),
    )
