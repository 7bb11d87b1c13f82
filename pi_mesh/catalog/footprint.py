"""What the mesh's parts take, by the number of services in the cluster: read off docs/footprint.md."""

from dataclasses import dataclass

MI = 1024**2


@dataclass(frozen=True)
class Growth:
    """A line: `start` MiB with no services, and `each` KiB more for every service that the part is told of."""

    start: int
    each: int

    def memory(self, services: int) -> int:
        """Bytes with so many services."""
        return self.start * MI + self.each * services * 1024


ISTIOD = Growth(60, 73)
GATEWAY = Growth(34, 69)
SIDECAR = Growth(28, 93)
"""One that knows the whole mesh: the default scope keeps other namespaces' services from it."""
