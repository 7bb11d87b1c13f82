"""The mesh's use of the Pis."""

import pytest

from lab.bench.container_usage import MEBI
from lab.bench.footprint import measure
from lab.bench.footprint_report import LIMIT, by_part

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("mesh")]
SIZES = (0, 300, 1000)
"""Numbers of services below those at which the shipped limits end a container."""


def test_istiod_gateway_and_sidecar_stay_within_their_memory_up_to_a_thousand_services(figure):
    parts = by_part(tuple(measure(SIZES, print)))
    most = {name: max(one.memory for one in values) / MEBI for name, values in parts.items()}
    figure(", ".join(f"{name} {mebi:.0f} MiB" for name, mebi in most.items()))
    assert max(most.values()) < LIMIT
    scoped = [one.memory for one in parts["sidecar, default scope"]]
    assert scoped[-1] - scoped[0] < 4 * MEBI, "the default scope keeps services of other namespaces from sidecars"
