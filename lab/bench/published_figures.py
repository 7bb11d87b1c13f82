"""The memory that Istio publishes for istiod and a sidecar, beside what was measured here."""

import platform
from collections.abc import Mapping, Sequence

from lab.bench.container_usage import MEBI, Footprint
from pi_mesh.catalog.footprint import MARGIN

ISTIOD, SCOPED = "istiod", "sidecar, default scope"
"""The parts that Istio publishes figures of, by their names in the report."""
SERVICES = 1000
"""Number of services of Istio's load test."""
SIDECAR = 60_000_000
"""Bytes of a sidecar: 60 MB."""
SECTION = """## Beside Istio's own figures

| | Istio's figure | here |
|---|---|---|
| sidecar | 60 MB ({published} MiB) with 2 worker threads, at 1,000 requests a second of 1 KB ([Istio 1.24]({url24})) \
| {scoped} MiB with as many threads and the default scope, without requests |
| istiod | 1.5 GB for 1,000 services, 2,000 sidecars and 70,000 requests a second ([Istio 1.16.2]({url16}); \
1.24 publishes none) | {istiod} MiB for {services} services, two sidecars and two gateways, without requests |

Envoy here is upstream's build without Istio's own filters, istiod does not configure them, and the machine is
{machine}: Istio's proxy takes more ([limits.md](limits.md)). Its published sidecar takes {ratio:.1f} times the memory
of the one here, partly for its requests. What each further service adds is not published. And no two istiods take the
same: this one had just started, while that of a run on 24 November 2026, which had lived longer, took 133 MiB with
1,000 services. Preflight therefore compares the limits with {margin} times the measured memory (`MARGIN` in
`pi_mesh/catalog/footprint.py`), and warns at fewer services than were seen to fit. istiod's memory also grows with the
number of sidecars, which preflight does not count.
"""
URL = "https://istio.io/v{}/docs/ops/deployment/performance-and-scalability/"


def section(parts: Mapping[str, Sequence[Footprint]]) -> str:
    """Return the page's section, with the figures at the size nearest to that of Istio's load test."""
    istiod, scoped = (min(parts[name], key=lambda one: abs(one.services - SERVICES)) for name in (ISTIOD, SCOPED))
    return SECTION.format(
        url24=URL.format("1.24"),
        url16=URL.format("1.16"),
        published=round(SIDECAR / MEBI),
        scoped=round(scoped.memory / MEBI),
        istiod=round(istiod.memory / MEBI),
        services=f"{istiod.services:,}",
        machine=platform.machine(),
        ratio=SIDECAR / scoped.memory,
        margin=MARGIN,
    )
