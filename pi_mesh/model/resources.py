"""Typed resource profiles: what a container asks for and may use."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from pi_mesh.model.base import Model, Replicas
from pi_mesh.model.quantity import Cpu, Memory
from pi_mesh.quantities import Resources


class Amounts(Model):
    """CPU and memory, together."""

    cpu: Cpu
    memory: Memory

    @property
    def resources(self) -> Resources:
        """The same as whole numbers that add up."""
        return Resources(self.cpu.millicores, self.memory.bytes, self.cpu.unit, self.memory.unit)


class ResourceProfile(Model):
    """A container's requests and limits; both always set, so that a Pi cannot be overrun."""

    requests: Amounts
    limits: Amounts

    def conflicts(self) -> Iterator[str]:
        for name in ("cpu", "memory"):
            request, limit = getattr(self.requests, name), getattr(self.limits, name)
            if request > limit:
                yield f"requests.{name} {request} is above limits.{name} {limit}; a request is at most its limit"

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

    def conflicts(self) -> Iterator[str]:
        if self.min_replicas > self.max_replicas:
            yield f"minReplicas {self.min_replicas} is above maxReplicas {self.max_replicas}"


def profile(cpu: str, memory: str, cpu_limit: str, memory_limit: str) -> ResourceProfile:
    """A profile from four quantities: requests, then limits."""
    return ResourceProfile(
        requests=Amounts(cpu=Cpu(cpu), memory=Memory(memory)),
        limits=Amounts(cpu=Cpu(cpu_limit), memory=Memory(memory_limit)),
    )
