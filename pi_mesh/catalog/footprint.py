"""Memory of istiod and the proxies by the number of services in the cluster, read off docs/footprint.md."""

from dataclasses import dataclass

MI = 1024**2


@dataclass(frozen=True)
class Growth:
    """Linear growth of memory: `start` MiB without services, and `each` KiB more for every service."""

    start: int
    each: int

    def memory(self, services: int) -> int:
        """Return the bytes needed for a number of services."""
        return self.start * MI + self.each * services * 1024


ISTIOD = Growth(60, 73)
GATEWAY = Growth(34, 69)
SIDECAR = Growth(28, 93)
"""Growth of a sidecar that knows the whole mesh; the default scope keeps services of other namespaces from it."""
