"""Typed resource profiles: the requests and limits of a container."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from pi_mesh.model.base import Model, Replicas
from pi_mesh.model.quantity import Cpu, Memory
from pi_mesh.quantities import Resources


class Amounts(Model):
    """An amount of CPU and an amount of memory."""

    cpu: Cpu
    """CPU, in cores ("0.5") or thousandths of a core ("100m")."""
    memory: Memory
    """Memory, in Ki, Mi or Gi ("128Mi")."""

    @property
    def resources(self) -> Resources:
        """Return the amounts as integers that can be added."""
        return Resources(self.cpu.millicores, self.memory.bytes, self.cpu.unit, self.memory.unit)


class ResourceProfile(Model):
    """A container's requests and limits. Both are always set, so that no workload can overload a Pi."""

    requests: Amounts
    limits: Amounts

    def conflicts(self) -> Iterator[str]:
        for name in ("cpu", "memory"):
            request, limit = getattr(self.requests, name), getattr(self.limits, name)
            if request > limit:
                yield f"requests.{name} {request} is above limits.{name} {limit}; a request is at most its limit"

    def to_kubernetes(self) -> dict[str, dict[str, str]]:
        """Return the `resources` of a Kubernetes container."""
        return {"requests": self.requests.resources.to_kubernetes(), "limits": self.limits.resources.to_kubernetes()}


class Autoscaling(Model):
    """A HorizontalPodAutoscaler, off by default.

    It needs a metrics server, and capacity for its maximum number of pods.
    """

    enabled: bool = False
    """Scale the number of pods with a HorizontalPodAutoscaler."""
    min_replicas: Replicas = 1
    """Smallest number of pods."""
    max_replicas: Replicas = 2
    """Largest number of pods; the budget counts with it."""
    target_cpu: Annotated[int, Field(ge=1, le=100)] = 80
    """Average CPU utilisation that the autoscaler aims at, in percent of the request."""

    def conflicts(self) -> Iterator[str]:
        if self.min_replicas > self.max_replicas:
            yield f"minReplicas {self.min_replicas} is above maxReplicas {self.max_replicas}"


def profile(cpu: str, memory: str, cpu_limit: str, memory_limit: str) -> ResourceProfile:
    """Return a profile from four quantities: the requests, then the limits."""
    return ResourceProfile(
        requests=Amounts(cpu=Cpu(cpu), memory=Memory(memory)),
        limits=Amounts(cpu=Cpu(cpu_limit), memory=Memory(memory_limit)),
    )
