"""Memory of istiod and the proxies by the number of services in the cluster, read off docs/figures/footprint.md."""

from dataclasses import dataclass

MI = 1024**2
MARGIN = 2
"""Factor by which the measured memory is widened before it is compared with a limit.

The lab's Envoy lacks Istio's own filters, its istiod does not configure them, and its few proxies rest on x86_64. Istio
publishes 60 MB for a sidecar under load, twice the lab's at rest, and nothing on the growth with services. Go's heap
may also double before it is collected: another run's istiod, which had lived longer, took 1.6 times its line. All of
that stands in docs/figures/footprint.md. https://istio.io/v1.24/docs/ops/deployment/performance-and-scalability/
"""


@dataclass(frozen=True)
class Growth:
    """Linear growth of memory, as measured: `start` MiB without services, and `each` KiB more for every service."""

    start: int
    each: int

    def memory(self, services: int) -> int:
        """Return the bytes to allow for a number of services: those measured, widened by the margin."""
        return int((self.start * MI + self.each * services * 1024) * MARGIN)

    def reach(self, limit: int, margin: float = MARGIN) -> int | None:
        """Return the number of services up to which a limit in MiB is enough; None if the memory does not grow."""
        # Less than 2 KiB for each of 3,000 services is within what two readings of the same process differ by.
        return max(0, int((limit / margin - self.start) * 1024 / self.each)) if self.each >= 2 else None


ISTIOD = Growth(29, 57)
GATEWAY = Growth(31, 68)
SIDECAR = Growth(26, 93)
"""Growth of a sidecar that knows the whole mesh; the default scope keeps services of other namespaces from it."""
